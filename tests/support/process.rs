//! A child process with its output in a file.
//!
//! The kernel is told to kill each child when this process dies, so that an interrupted run leaves no orphan. That
//! request (`PR_SET_PDEATHSIG`) is tied to the *thread* that started the child, and test threads end early; therefore
//! all children are started by one thread that lives as long as the process.

use std::fs::{self, File};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use super::wait::{try_wait_for, wait_for};

pub use libc::{SIGCONT, SIGINT, SIGKILL, SIGSTOP, SIGTERM};

pub struct Process {
    name: String,
    pid: u32,
    log: PathBuf,
    child: Mutex<Child>,
}

impl Process {
    /// Starts `command`; what it prints is appended to `log`.
    pub fn spawn(name: &str, mut command: Command, log: &Path) -> Result<Process, String> {
        let failed = |e: io::Error| format!("cannot start {name}: {e}");
        let out = File::options()
            .create(true)
            .append(true)
            .open(log)
            .map_err(failed)?;
        let err = out.try_clone().map_err(failed)?;
        command.stdin(Stdio::null()).stdout(out).stderr(err);
        let child = spawn_from_lasting_thread(command).map_err(failed)?;
        Ok(Process {
            name: name.to_owned(),
            pid: child.id(),
            log: log.to_owned(),
            child: Mutex::new(child),
        })
    }

    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// All that the process has printed so far.
    pub fn log(&self) -> String {
        fs::read(&self.log)
            .map(|b| String::from_utf8_lossy(&b).into_owned())
            .unwrap_or_default()
    }

    /// The end of the log, for messages.
    pub fn log_tail(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }

    /// How it ended, or `None` while it runs.
    pub fn exit_status(&self) -> Option<ExitStatus> {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        child.try_wait().ok().flatten()
    }

    pub fn is_running(&self) -> bool {
        self.exit_status().is_none()
    }

    pub fn signal(&self, signal: i32) {
        // Checked first: the id of a process that was waited for may belong to another one by now.
        if self.is_running() {
            // SAFETY: kill(2) takes two integers and touches no memory of ours.
            unsafe { libc::kill(self.pid as libc::pid_t, signal) };
        }
    }

    /// Stops it from running without ending it: peers see a black hole.
    pub fn freeze(&self) {
        self.signal(SIGSTOP);
    }

    pub fn thaw(&self) {
        self.signal(SIGCONT);
    }

    /// kill -9.
    pub fn kill(&self) {
        self.signal(SIGKILL);
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = child.wait();
    }

    /// Asks it to end (SIGTERM).
    pub fn terminate(&self) {
        self.signal(SIGTERM);
        self.signal(SIGCONT);
    }

    /// Waits for its end; fails the test when it still runs after `deadline`.
    pub fn wait(&self, deadline: Duration) -> ExitStatus {
        wait_for(
            deadline,
            &format!("end of {} (pid {})", self.name, self.pid),
            || self.exit_status(),
        )
    }

    /// SIGTERM, and SIGKILL when that is not heard within `patience`.
    pub fn stop(&self, patience: Duration) {
        self.terminate();
        let ended = try_wait_for(patience, || Ok(self.exit_status()));
        if !matches!(ended, Ok(Some(_))) {
            self.kill();
        }
    }

    /// Waits until `ready` says so; an early end of the process is an error that shows its log.
    pub fn wait_ready(
        &self,
        deadline: Duration,
        mut ready: impl FnMut() -> bool,
    ) -> Result<(), String> {
        let found = try_wait_for(deadline, || match self.exit_status() {
            Some(status) => Err(format!(
                "{} ended early ({status}):\n{}",
                self.name,
                self.log_tail()
            )),
            None => Ok(ready().then_some(())),
        })?;
        found.ok_or_else(|| {
            format!(
                "{} was not ready after {deadline:?}:\n{}",
                self.name,
                self.log_tail()
            )
        })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Runs a tool to its end; its output is an error's text when it fails.
pub fn run_tool(mut command: Command) -> Result<String, String> {
    let shown = format!("{command:?}");
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|e| format!("{shown}: {e}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    Err(format!("{shown}: {}\n{text}\n{errors}", output.status))
}

type Order = (Command, Sender<io::Result<Child>>);

fn spawn_from_lasting_thread(mut command: Command) -> io::Result<Child> {
    static ORDERS: OnceLock<Sender<Order>> = OnceLock::new();
    let orders = ORDERS.get_or_init(|| {
        let (sender, receiver) = channel::<Order>();
        std::thread::spawn(move || {
            for (mut command, answer) in receiver {
                let _ = answer.send(command.spawn());
            }
        });
        sender
    });
    // SAFETY: between fork and exec only prctl(2) is called, which is safe there.
    unsafe {
        command.pre_exec(|| match libc::prctl(libc::PR_SET_PDEATHSIG, SIGKILL) {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        })
    };
    let (sender, receiver) = channel();
    let gone = || io::Error::other("the thread that starts processes is gone");
    orders.send((command, sender)).map_err(|_| gone())?;
    receiver.recv().map_err(|_| gone())?
}

/// Runs `start`, then waits for Ctrl-C or SIGTERM. The signals are blocked first, so that all threads started by
/// `start` leave them to this one.
pub fn wait_for_interrupt(start: impl FnOnce()) {
    // SAFETY: the set is initialised by sigemptyset before it is read; the calls touch nothing else of ours.
    let signals = unsafe {
        let mut signals = std::mem::zeroed();
        libc::sigemptyset(&mut signals);
        libc::sigaddset(&mut signals, SIGINT);
        libc::sigaddset(&mut signals, SIGTERM);
        libc::pthread_sigmask(libc::SIG_BLOCK, &signals, std::ptr::null_mut());
        signals
    };
    start();
    let mut arrived = 0;
    // SAFETY: both pointers are to live values of this frame.
    unsafe { libc::sigwait(&signals, &mut arrived) };
}
