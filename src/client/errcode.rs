//! What WeChat's errcodes mean.
pub struct Errcode;
impl Errcode {
    pub fn kind(&self) -> crate::fail::Kind {
        crate::fail::Kind::Refused
    }
    pub fn meaning_text(&self) -> crate::lang::Text {
        crate::lang::Text::verbatim("")
    }
    pub fn next_text(&self) -> crate::lang::Text {
        crate::lang::Text::verbatim("")
    }
}
pub fn lookup(_code: i64) -> Option<&'static Errcode> {
    None
}
