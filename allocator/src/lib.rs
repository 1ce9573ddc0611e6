//! The allocator of the binary, and how soon it returns freed memory to the system.
//!
//! The rule: a setting of mimalloc in the environment (`MIMALLOC_PURGE_DELAY`) counts before the one here.

use std::ffi::{c_int, c_long};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The number of `mi_option_purge_delay` in `mimalloc.h`, for which the library has no name.
const PURGE_DELAY: c_int = 15;

unsafe extern "C" {
    fn mi_option_set_default(option: c_int, value: c_long);
}

/// Returns freed memory after so many milliseconds from now on, unless the environment says otherwise.
pub fn return_memory_after(milliseconds: u16) {
    // SAFETY: mimalloc is linked with the crate of the same name. The function sets a number, whenever it is called.
    unsafe { mi_option_set_default(PURGE_DELAY, milliseconds.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    unsafe extern "C" {
        fn mi_option_get(option: c_int) -> c_long;
    }

    #[test]
    fn the_delay_is_set_unless_the_environment_has_one() {
        let expected = std::env::var("MIMALLOC_PURGE_DELAY").ok().and_then(|delay| delay.parse().ok()).unwrap_or(70);
        return_memory_after(70);
        // SAFETY: as in `return_memory_after`; the function reads a number.
        assert_eq!(unsafe { mi_option_get(PURGE_DELAY) }, expected);
    }
}
