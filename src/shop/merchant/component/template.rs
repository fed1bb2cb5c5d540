//! The file that an application is filled in on, written from the table of its values.

use super::fields::{ACCOUNT, FIELDS, Of, When, heading};
use crate::lang::Lang;
use crate::text;
use serde_json::json;

/// A TOML file to fill in, with an explanation beside every value, in the reader's language.
pub fn template(lang: Lang) -> String {
    let mut out = String::new();
    for line in [
        text!(
            "Application for a merchant number. Fill it in, then: wxsell merchant apply --file FILE"
        ),
        text!("Images are files beside this one, jpg or png, at most 2 MB."),
        text!(
            "License number, merchant name and the super administrator's name and identity number come from the Mini Program."
        ),
    ] {
        out.push_str(&format!("# {}\n", line.render(lang)));
    }
    let mut section = "";
    for field in FIELDS {
        // Lists of pictures are top level here: their wrapper says nothing.
        let (place, name) = match field.path.strip_suffix(".pic_file_list") {
            Some(list) => ("", list),
            None => (field.section(), field.name()),
        };
        if place != section {
            section = place;
            out.push('\n');
            let words = heading(section).into_iter();
            let account = (section == ACCOUNT)
                .then(|| text!("All of it or none of it; without it the older agreement applies."));
            for words in words.chain(account) {
                out.push_str(&format!("# {}\n", words.render(lang)));
            }
            out.push_str(&format!("[{section}]\n"));
        }
        let about = (field.about)();
        let about = match field.when {
            When::Optional => text!("{about} (optional)", about),
            When::Document => text!("{about} (unless it is a mainland identity card)", about),
            When::AccountAndCard => text!("{about} (with a settlement account)", about),
            When::AccountAndHandler => text!("{about} (for a handler, with an account)", about),
            When::Always | When::Card | When::Account => about,
        };
        out.push_str(&format!("# {}\n", about.render(lang)));
        if let Of::Choice(choices) = field.of {
            let words = choices.iter().map(|(value, also, words)| {
                let called = also.first().unwrap_or(value);
                format!("{called} = {}", words().render(lang))
            });
            out.push_str(&format!("#   {}\n", words.collect::<Vec<_>>().join(", ")));
        }
        let needed = matches!(field.when, When::Always | When::Card);
        let example = if needed { field.example } else { "" };
        let value = match field.of {
            Of::Pictures => json!([]).to_string(),
            Of::Period => json!(example.split(' ').collect::<Vec<_>>()).to_string(),
            _ => json!(example).to_string(),
        };
        out.push_str(&format!("{name} = {value}\n"));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::fields::normalise;
    use super::*;
    use serde_json::Value;

    #[test]
    fn a_template_that_nobody_filled_in_holds_its_examples_alone() {
        let written: Value = toml::from_str(&template(Lang::Zh)).expect("TOML");
        let body = normalise(&written);
        assert_eq!(body["organization_type"], "2");
        assert!(body["account_info"].is_null() && body["id_doc_info"].is_null());
    }
}
