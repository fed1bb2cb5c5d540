//! Questions on the terminal. With no terminal nothing asks or waits: what is missing is named, with the option that
//! gives it. Choices are typed as numbers, not picked with the arrow keys: that needs no cursor tricks, works in
//! every terminal, and leaves it as it was when Ctrl-C ends the program.

use super::{Output, visible};
use crate::fail::{Failure, Kind};
use crate::lang::Text;
use crate::text;
use crate::types::Secret;
use anyhow::Result;
use dialoguer::{Input, Password};
use unicode_width::UnicodeWidthStr;

pub(super) fn confirm(out: &Output, question: &Text) -> Result<bool> {
    if out.yes {
        return Ok(true);
    }
    let question = visible(&question.render(out.lang)).into_owned();
    if !out.interactive {
        return Err(Failure::new(
            Kind::Unconfirmed,
            text!("confirmation required: {question}", question),
        )
        .hint(text!("pass --yes to confirm"))
        .into());
    }
    // A prompt of several lines would be drawn twice.
    let fits = |width: usize| question.width() + " [y/N]: y".len() < width;
    let prompt = if out.sink.width().is_none_or(fits) {
        format!("{question} [y/N]")
    } else {
        out.say(&question);
        "[y/N]".to_owned()
    };
    let answer: String = Input::new()
        .with_prompt(prompt)
        .allow_empty(true)
        .interact_text()
        .map_err(stopped)?;
    Ok(matches!(
        answer.trim().to_lowercase().as_str(),
        "y" | "yes" | "是" | "好"
    ))
}

pub(super) fn input(
    out: &Output,
    prompt: &Text,
    default: Option<&str>,
    otherwise: &str,
) -> Result<String> {
    let words = ask(out, prompt, otherwise)?;
    // A prompt of several lines would be drawn twice, with its answer.
    let fits = |width: usize| words.width() + 2 < width / 2 || words.width() + 40 < width;
    let words = if out.sink.width().is_none_or(fits) {
        words
    } else {
        out.say(&words);
        ">".to_owned()
    };
    let mut input = Input::<String>::new().with_prompt(words);
    if let Some(default) = default {
        input = input.default(default.to_owned());
    }
    Ok(input.interact_text().map_err(stopped)?.trim().to_owned())
}

pub(super) fn secret(out: &Output, prompt: &Text, otherwise: &str) -> Result<Secret> {
    let words = ask(out, prompt, otherwise)?;
    let typed = Password::new()
        .with_prompt(words)
        .interact()
        .map_err(stopped)?;
    Ok(Secret::new(typed.trim()))
}

pub(super) fn select(
    out: &Output,
    prompt: &Text,
    choices: &[String],
    otherwise: &str,
) -> Result<usize> {
    let words = ask(out, prompt, otherwise)?;
    for (number, choice) in (1usize..).zip(choices) {
        out.say(&format!("{number:3}  {choice}"));
    }
    let refusal = text!("type a number from 1 to {count}", count = choices.len()).render(out.lang);
    let count = choices.len();
    let chosen: usize = Input::new()
        .with_prompt(words)
        .validate_with(move |number: &usize| {
            if (1..=count).contains(number) {
                Ok(())
            } else {
                Err(refusal.clone())
            }
        })
        .interact_text()
        .map_err(stopped)?;
    Ok(chosen - 1)
}

fn ask(out: &Output, prompt: &Text, otherwise: &str) -> Result<String> {
    if out.interactive {
        return Ok(visible(&prompt.render(out.lang)).into_owned());
    }
    Err(
        Failure::input(text!("missing: {what}", what = prompt.clone()))
            .hint(text!("not a terminal; pass {option}", option = otherwise))
            .into(),
    )
}

fn stopped(error: dialoguer::Error) -> Failure {
    let dialoguer::Error::IO(error) = error;
    match error.kind() {
        std::io::ErrorKind::Interrupted => Failure::new(Kind::Stopped, text!("stopped")),
        _ => Failure::input(text!(
            "cannot prompt on this terminal: {error}",
            error = error.to_string()
        )),
    }
}
