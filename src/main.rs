//! Parse, run, turn the result into an exit code.

use std::ffi::OsString;
use std::process::ExitCode;
use wxsell::cli::start::{self, Start};
use wxsell::commands::{self, Ctx};
use wxsell::fail::Kind;

/// An upload asks for memory in many small pieces, from several threads, which this is quick at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    start::keep_no_core();
    let args: Vec<OsString> = std::env::args_os().collect();
    if let Some(code) = start::filters(&args) {
        return ExitCode::from(code);
    }
    start::on_panic();
    // The stack of the first thread is 1 MB on Windows, and what a limit of the shell says elsewhere.
    let code = std::thread::scope(|scope| {
        let command = std::thread::Builder::new().stack_size(start::STACK);
        match command.spawn_scoped(scope, || run(&args)) {
            Ok(command) => command.join().unwrap_or(Kind::Bug.exit_code()),
            Err(error) => {
                let lang = start::language(&args);
                start::early_output(&args, lang).fail(&error.into())
            }
        }
    });
    ExitCode::from(code)
}

fn run(args: &[OsString]) -> u8 {
    let lang = start::language(args);
    let early = start::early_output(args, lang);
    match start::completes(args, lang) {
        Ok(false) => {}
        Ok(true) => return 0,
        Err(error) => return early.fail(&error),
    }
    let cli = match start::parse(args, lang) {
        Ok(Start::Run(cli)) => *cli,
        Ok(Start::Print(text)) => {
            return early
                .raw(text.as_bytes())
                .map_or_else(|error| early.fail(&error), |()| 0);
        }
        Ok(Start::Help(text)) => return early.usage(&text),
        Err(error) => return early.fail(&error),
    };
    let ctx =
        match start::output(&cli.global, lang).and_then(|out| Ctx::new(cli.global.clone(), out)) {
            Ok(ctx) => ctx,
            Err(error) => return early.fail(&error),
        };
    let runtime = room_for_files().and_then(|()| {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
    });
    let done = runtime
        .map_err(Into::into)
        .and_then(|runtime| runtime.block_on(commands::run(cli, &ctx)));
    done.map_or_else(|error| ctx.out.fail(&error), |()| 0)
}

/// Fails where only a few files more may be open: the runtime would take that for a mistake of its own. The root is there
/// even where nothing else is.
#[cfg(unix)]
fn room_for_files() -> std::io::Result<()> {
    const FEW: usize = 16;
    (0..FEW)
        .map(|_| std::fs::File::open("/"))
        .collect::<std::io::Result<Vec<_>>>()
        .map(drop)
}

#[cfg(not(unix))]
fn room_for_files() -> std::io::Result<()> {
    Ok(())
}
