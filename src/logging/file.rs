//! [`LogFile`]: a log in a file, begun anew by time.

use std::fs;
use std::path::{Path, PathBuf};

use tracing_appender::rolling::{self, RollingFileAppender};

/// When a new file begins, in UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rotation {
    #[default]
    Never,
    Hourly,
    Daily,
}

/// Where the log goes. With a rotation, the path is a link to the newest of `path.2026-11-21` and its like.
#[derive(Clone, Debug)]
pub struct LogFile {
    pub path: PathBuf,
    pub rotation: Rotation,
    /// How many files are kept, the one being written included; none is all. Every file beside it whose name begins
    /// with that of the log counts as one of them.
    pub keep: Option<usize>,
}

impl LogFile {
    /// Opens it for appending, with its folder if that is not there.
    ///
    /// # Errors
    /// Why that cannot be, with the path.
    pub(super) fn open(&self) -> Result<RollingFileAppender, String> {
        let path = self.path.display();
        let Some(name) = self.path.file_name().and_then(|name| name.to_str()) else {
            return Err(format!("--log-file {path}: that is no name of a file"));
        };
        // A bare name has an empty parent, which is not the name of the current folder.
        let folder = self.path.parent().filter(|p| !p.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        let failed = |why: String| {
            format!("cannot write the log to {path}: {why}; check path and permissions")
        };

        let mut file = RollingFileAppender::builder().filename_prefix(name);
        let rotation = match self.rotation {
            Rotation::Never => rolling::Rotation::NEVER,
            Rotation::Hourly => rolling::Rotation::HOURLY,
            Rotation::Daily => rolling::Rotation::DAILY,
        };
        if self.rotation != Rotation::Never {
            // Making the link takes away what has its name: that may be a log from before there was a rotation.
            if fs::symlink_metadata(&self.path).is_ok_and(|found| found.is_file()) {
                fs::rename(&self.path, folder.join(format!("{name}.old")))
                    .map_err(|e| failed(e.to_string()))?;
            }
            // Relative, as the link's target is taken from the link's own folder.
            let folder = fs::create_dir_all(folder).and_then(|()| folder.canonicalize());
            let folder = folder.map_err(|e| failed(e.to_string()))?;
            file = file.latest_symlink(name);
            if let Some(keep) = self.keep {
                file = file.max_log_files(keep);
            }
            return file
                .rotation(rotation)
                .build(folder)
                .map_err(|e| failed(chain(&e)));
        }
        file.rotation(rotation)
            .build(folder)
            .map_err(|e| failed(chain(&e)))
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("turnbuckle-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        folder
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a folder").flatten();
        let mut names: Vec<String> = entries
            .map(|e| e.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn without_rotation_the_path_is_appended_to() {
        let folder = folder("never");
        let log = LogFile {
            path: folder.join("deep/w.log"),
            rotation: Rotation::Never,
            keep: None,
        };
        for line in ["a\n", "b\n"] {
            let mut file = log.open().expect("a file");
            file.write_all(line.as_bytes()).expect("written");
        }
        assert_eq!(fs::read_to_string(&log.path).expect("a log"), "a\nb\n");
        let _ = fs::remove_dir_all(&folder);
    }

    #[test]
    fn with_rotation_the_path_leads_to_the_newest_and_old_ones_go() {
        let folder = folder("daily");
        fs::create_dir_all(&folder).expect("a folder");
        for old in ["w.log", "w.log.2001-01-01", "w.log.2001-01-02"] {
            fs::write(folder.join(old), old).expect("written");
        }
        fs::write(folder.join("other.log"), "mine").expect("written");
        let log = LogFile {
            path: folder.join("w.log"),
            rotation: Rotation::Daily,
            keep: Some(2),
        };
        let mut file = log.open().expect("a file");
        file.write_all(b"new\n").expect("written");
        assert_eq!(fs::read_to_string(&log.path).expect("a log"), "new\n");
        let left = names(&folder);
        assert_eq!(
            left.len(),
            4,
            "link, today, one old, the stranger: {left:?}"
        );
        assert!(left.contains(&"other.log".to_owned()), "{left:?}");
        // Begun again on the same day, it goes on.
        let mut file = log.open().expect("a file");
        file.write_all(b"more\n").expect("written");
        assert_eq!(fs::read_to_string(&log.path).expect("a log"), "new\nmore\n");
        let _ = fs::remove_dir_all(&folder);
    }

    #[test]
    fn a_path_that_cannot_be_written_is_named() {
        let log = LogFile {
            path: PathBuf::from("/proc/nowhere/w.log"),
            rotation: Rotation::Never,
            keep: None,
        };
        let why = log.open().expect_err("no file there");
        assert!(
            why.starts_with("cannot write the log to /proc/nowhere/w.log: "),
            "{why}"
        );
    }
}
