//! The program `gatehouse`. Everything it does is in the library; see [`gatehouse_server::cli`].

use std::process::ExitCode;

use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    gatehouse_server::cli::main()
}
