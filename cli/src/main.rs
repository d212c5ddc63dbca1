//! The program `countenance`: see the library `countenance_cli`.

use countenance_cli::Exit;

fn main() -> Exit {
    countenance_cli::run(std::env::args_os())
}
