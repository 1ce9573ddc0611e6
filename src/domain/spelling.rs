//! How the enumerations of the contract are spelled, in the API and in the store: one list for both.

/// Declares how an enumeration of the contract is spelled, in the API and in the store.
macro_rules! spelled {
    ($name:ident { $($variant:ident => $text:literal),+ $(,)? }) => {
        impl $name {
            /// All values, in the order of the contract.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The contract's spelling, which is also how it is stored.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::domain::spelling::UnknownSpelling;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err($crate::domain::spelling::UnknownSpelling(text.to_owned())),
                }
            }
        }
    };
}
pub(crate) use spelled;

/// A text that is no value of the enumeration it was read as.
#[derive(Debug, thiserror::Error)]
#[error("unknown value {0:?}")]
pub struct UnknownSpelling(pub String);
