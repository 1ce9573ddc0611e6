//! The spelling of the contract's enumerations: one list for both the API and the store.

/// Declares the spelling of an enumeration of the contract, in the API and in the store.
#[macro_export]
macro_rules! spelled {
    ($name:ident { $($variant:ident => $text:literal),+ $(,)? }) => {
        impl $name {
            /// All values, in the order of the contract.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The contract's spelling, which the store uses as well.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl $crate::spelling::Spelled for $name {
            fn spelling(self) -> &'static str {
                self.as_str()
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::spelling::UnknownSpelling;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err($crate::spelling::UnknownSpelling(text.to_owned())),
                }
            }
        }
    };
}
pub use crate::spelled;

/// An enumeration of the contract, which the API and the store spell alike.
pub trait Spelled: Copy + std::str::FromStr<Err = UnknownSpelling> {
    /// The contract's spelling.
    fn spelling(self) -> &'static str;
}

/// The error for a text that is not a value of the enumeration.
#[derive(Debug, thiserror::Error)]
#[error("unknown value {0:?}")]
pub struct UnknownSpelling(pub String);
