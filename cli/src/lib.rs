//! The command line of countenance, as a library: the program and the Python wheel both call [`run`].

mod bench;
mod evaluate;
mod explain;
mod failure;
mod options;
mod picture;
mod read;
mod serve;
mod threads;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::{ExitCode, Termination};

use clap::{Parser, Subcommand};
use serde::Serialize;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All was done.
    Done,
    /// Something could not be read or done; the rest was.
    Failed,
    /// The arguments are wrong, and nothing was done.
    Usage,
    /// Somebody stopped it.
    Interrupted,
}

impl Exit {
    /// The exit status that a shell sees.
    pub const fn status(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Interrupted => 130,
        }
    }
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(self.status())
    }
}

/// Reads the expressions that faces display, wholly on this machine.
#[derive(Parser)]
#[command(name = "countenance", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Read(read::ReadArgs),
    Explain(explain::ExplainArgs),
    Bench(bench::BenchArgs),
    Evaluate(evaluate::EvaluateArgs),
    Serve(serve::ServeArgs),
}

/// Runs the command that the arguments name; the first of them is the program's own name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    match Cli::try_parse_from(arguments) {
        Ok(Cli { command }) => match command {
            Command::Read(arguments) => read::run(arguments),
            Command::Explain(arguments) => explain::run(arguments),
            Command::Bench(arguments) => bench::run(arguments),
            Command::Evaluate(arguments) => evaluate::run(arguments),
            Command::Serve(arguments) => serve::run(arguments),
        },
        Err(error) => {
            // Nobody reads what cannot be printed.
            let _ = error.print();
            if error.use_stderr() { Exit::Usage } else { Exit::Done }
        }
    }
}

/// Prints a command's result as JSON.
fn print_json(result: &impl Serialize) -> Exit {
    match serde_json::to_string(result) {
        Ok(line) => print(&(line + "\n")),
        Err(error) => {
            eprintln!("countenance: {error}");
            Exit::Failed
        }
    }
}

/// Prints a command's result.
fn print(text: &str) -> Exit {
    match io::stdout().write_all(text.as_bytes()) {
        Ok(()) => Exit::Done,
        // Whoever reads has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
        Err(error) => {
            eprintln!("countenance: {error}");
            Exit::Failed
        }
    }
}
