//! `countenance-bindgen MODULE.wasm OUT_DIR`: writes `countenance.js`, `countenance.d.ts` and `countenance_bg.wasm`.
//!
//! A crate of this workspace rather than the wasm-bindgen command, so that `Cargo.lock` pins the generator to the library's
//! version and nobody has to install it.

use std::process::ExitCode;

use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [module, out_dir] = arguments.as_slice() else {
        eprintln!("usage: countenance-bindgen MODULE.wasm OUT_DIR");
        return ExitCode::from(2);
    };
    let result = (|| {
        let mut bindgen = Bindgen::new();
        bindgen.input_path(module).web(true)?.typescript(true).out_name("countenance");
        // A fiftieth of the download; a panic states its message and place all the same.
        bindgen.remove_name_section(true);
        // It restarts a module that trapped (www/lib/module.js).
        bindgen.reset_state_function(true);
        bindgen.generate(out_dir)
    })();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("wasm-bindgen: {error:?}");
            ExitCode::FAILURE
        }
    }
}
