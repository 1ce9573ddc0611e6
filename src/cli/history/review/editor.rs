//! The editor of the person: `$VISUAL`, else `$EDITOR`.

use std::io::Write as _;

use tokio::process::Command;

/// What became of a text in the editor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edited {
    /// It was changed to this.
    Text(String),
    /// It was not changed, or nothing was left, for this reason.
    Not(String),
}

/// What to do if there is no editor to use.
const OTHER: &str = "Leave with q, type export VISUAL=nano (or another editor), and come back; \
                     or give the text by a flag: gloss history review N --accept --asset PATH --text TEXT";

/// Returns how the person starts the editor, as a command of the shell.
///
/// # Errors
/// Returns what to do if no editor is set.
pub fn editor() -> Result<String, String> {
    let set = ["VISUAL", "EDITOR"].into_iter().filter_map(|name| std::env::var(name).ok());
    set.map(|editor| editor.trim().to_owned())
        .find(|editor| !editor.is_empty())
        .ok_or_else(|| format!("No editor is set. {OTHER}"))
}

/// Lets the person edit a text in a file that only this user can read, and that is removed afterwards.
pub async fn edit(editor: String, text: String) -> Edited {
    edited(&editor, &text).await.unwrap_or_else(Edited::Not)
}

async fn edited(editor: &str, text: &str) -> Result<Edited, String> {
    let failed =
        |error: std::io::Error| format!("The text cannot be edited in the folder for temporary files: {error}");
    let mut file = tempfile::Builder::new().prefix("gloss-").suffix(".txt").tempfile().map_err(failed)?;
    writeln!(file, "{text}").and_then(|()| file.flush()).map_err(failed)?;
    // The shell takes the command apart, as it does for git.
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("{editor} \"$1\"")).arg("gloss").arg(file.path());
    let status =
        command.status().await.map_err(|error| format!("The editor {editor} cannot be started: {error}. {OTHER}"))?;
    match status.code() {
        Some(0) => {}
        // What the shell says of a command that it cannot execute.
        Some(126 | 127) => return Err(format!("The editor {editor} was not found. {OTHER}")),
        code => {
            let how = code.map_or_else(|| "by a signal".to_owned(), |code| format!("with exit code {code}"));
            let message = format!("The editor {editor} ended {how}, so nothing was edited; press e to try again.");
            return Err(message);
        }
    }
    let written = std::fs::read_to_string(file.path()).map_err(|error| match error.kind() {
        std::io::ErrorKind::InvalidData => "The edited text is not UTF-8, so it was not taken.".to_owned(),
        _ => failed(error),
    })?;
    Ok(match written.trim() {
        "" => Edited::Not("The text is empty, so nothing was edited; s skips.".to_owned()),
        written if written == text.trim() => Edited::Not(
            "The text is unchanged. If the editor is still open, it must wait, as in EDITOR='code --wait'.".to_owned(),
        ),
        written => Edited::Text(written.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn with(editor: &str) -> Edited {
        edit(editor.to_owned(), "Old text.".to_owned()).await
    }

    #[tokio::test]
    async fn only_a_changed_text_is_an_edit() {
        assert_eq!(with("printf 'New text.\\n' >").await, Edited::Text("New text.".to_owned()));
        for (editor, why) in [
            ("true", "unchanged"),
            ("printf ' \\n' >", "empty"),
            ("printf '\\377' >", "UTF-8"),
            ("false", "code 1, so nothing was edited; press e"),
            ("no_such_editor", "was not found. Leave with q, type export VISUAL=nano"),
            ("rm", "cannot be edited"),
        ] {
            match with(editor).await {
                Edited::Not(reason) => assert!(reason.contains(why), "{editor}: {reason}"),
                edited @ Edited::Text(_) => panic!("{editor}: {edited:?}"),
            }
        }
    }

    #[tokio::test]
    async fn the_file_is_private_and_removed() {
        let folder = tempfile::tempdir().unwrap();
        let told = folder.path().join("told");
        let editor = format!("f() {{ stat -c %a \"$1\" > {0}; echo \"$1\" >> {0}; }}; f", told.display());
        assert!(matches!(with(&editor).await, Edited::Not(_)));
        let told = std::fs::read_to_string(told).unwrap();
        let (mode, path) = told.trim().split_once('\n').unwrap();
        assert_eq!(mode, "600");
        assert!(!std::path::Path::new(path).exists());
    }
}
