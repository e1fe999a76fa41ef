use std::process::ExitCode;

fn main() -> ExitCode {
    turnbuckle::cli::main()
}
