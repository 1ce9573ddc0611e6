//! The `gloss` binary. Everything is in the library, so that it is compiled once.

use std::process::ExitCode;

/// Milliseconds after which freed memory is returned to the system. Sooner costs more CPU, later more memory.
const FREED_AFTER: u16 = 20;

fn main() -> ExitCode {
    allocator::return_memory_after(FREED_AFTER);
    gloss::command::main()
}
