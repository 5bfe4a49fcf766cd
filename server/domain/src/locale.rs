//! The two languages in which people are addressed.

closed_set! {
    /// A person's language. Vietnamese unless the person chose otherwise.
    #[derive(Default)]
    pub enum Locale {
        /// Vietnamese.
        #[default]
        Vi = "vi",
        /// English.
        En = "en",
    }
}
