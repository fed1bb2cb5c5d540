//! Programs that are run for the operator: each gets a process group of its own, and ends with everything that it
//! started.

use std::process::Command;

/// Puts the program that is about to start at the head of a new group.
pub fn apart(command: &mut Command) {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    #[cfg(not(unix))]
    let _ = command;
}

/// Ends a program that was started [`apart`], and all that it started. One that has ended already is no error.
pub fn end(leader: u32) {
    #[cfg(unix)]
    {
        use rustix::process::{Pid, Signal, kill_process_group};
        let leader = i32::try_from(leader).ok().and_then(Pid::from_raw);
        if let Some(leader) = leader {
            let _ = kill_process_group(leader, Signal::KILL);
        }
    }
    #[cfg(windows)]
    {
        let tree = Command::new("taskkill")
            .args(["/T", "/F", "/PID", &leader.to_string()])
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .status();
        drop(tree);
    }
}

/// Ends a group when it is dropped, unless its program has ended well before.
pub struct Group(Option<u32>);

impl Group {
    /// `leader` is `None` for a program that has ended already.
    pub fn new(leader: Option<u32>) -> Group {
        Group(leader)
    }

    /// What the program left behind on purpose may go on.
    pub fn release(mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = self.0 {
            end(leader);
        }
    }
}
