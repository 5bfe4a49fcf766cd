//! One way to write a set that is known in full: its names are the same on the wire, in the database and in print.

/// Declares an enum whose variants have one stable name each, used everywhere outside the program.
macro_rules! closed_set {
    ($(#[$meta:meta])* pub enum $Name:ident { $($(#[$vmeta:meta])* $Variant:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "orm", derive(sea_orm::EnumIter, sea_orm::DeriveActiveEnum))]
        #[cfg_attr(feature = "orm", sea_orm(rs_type = "String", db_type = "String(sea_orm::sea_query::StringLen::N(40))"))]
        pub enum $Name {
            $($(#[$vmeta])* #[serde(rename = $text)] #[cfg_attr(feature = "orm", sea_orm(string_value = $text))] $Variant,)+
        }

        impl $Name {
            /// Every member, in the order of the rule book.
            pub const ALL: &'static [Self] = &[$(Self::$Variant),+];

            /// The stable name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$Variant => $text),+ }
            }

            /// The member of that name.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|member| member.name() == name)
            }
        }

        impl std::fmt::Display for $Name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }
    };
}
