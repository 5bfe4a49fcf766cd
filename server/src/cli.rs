//! The command line: what can be asked, in words a newcomer understands. The answers are elsewhere.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use domain::text::Email;
use uuid::Uuid;

const EXAMPLES: &str = "\
Examples:
  server                          serve http://localhost:8080 from ./data, with demo data at first
  server settings                 show every setting, its meaning and default
  server migrate --check          is the database up to date?
  server create-admin --email an@example.vn --name \"Nguyễn Thị An\"
  server backup /backup/2026-11-26
  APP_ENV=production CONFIG_FILE=/etc/baitoanlon.toml server

Settings come from the environment, or from the TOML file that CONFIG_FILE names. In development all have defaults.

Exit codes:
  0  done
  1  failed, or a check found something
  2  wrong configuration or wrong usage; one line on standard error says what";

/// Bài Toán Lớn: public agencies post the problems they cannot solve alone, startups propose solutions, a council
/// chooses, and everybody can check that it was fair. This is its GraphQL server.
#[derive(Debug, Parser)]
#[command(name = "server", version, after_long_help = EXAMPLES, after_help = "See --help for examples and exit codes.")]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

impl Cli {
    /// What to do; without a command that is to serve.
    pub fn into_command(self) -> Command {
        self.command.unwrap_or(Command::Serve)
    }
}

/// Everything the program can do.
#[derive(Debug, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Serve the API and send mails (default)
    ///
    /// Applies what is missing in the database first. Stops on SIGTERM or Ctrl-C after finishing the work in progress.
    Serve,
    /// Print the GraphQL schema
    ///
    /// Needs no settings and no database.
    Schema,
    /// Bring the database up to date
    ///
    /// Needs the settings. Safe to repeat, and to run from several machines at once.
    Migrate {
        /// Change nothing; list what is missing and exit with 1 if anything is
        #[arg(long)]
        check: bool,
    },
    /// Fill an empty database with example agencies, challenges and people
    ///
    /// Development only. The accounts and their password are printed.
    Demo,
    /// Create an administrator
    ///
    /// Needs the settings and an up-to-date database. Asks for the password.
    CreateAdmin(CreateAdmin),
    /// List the mails that were given up or held back, or send them after all
    ///
    /// Needs the settings and the database, which listing only reads. One a line: its id, when it was queued, what it is, how often
    /// it was tried and what the mail server said last; neither address nor content. One that its address refused holds back later
    /// ones to it; sent again, it takes them along.
    DeadLetters {
        /// Queue one again, those to an address that takes mail again, or `all`; who may not read one any more gets none. On
        /// SQLite the server must be stopped meanwhile
        #[arg(long, value_name = "ID", value_parser = parse_again)]
        resend: Option<Again>,
    },
    /// Take in a mail that came back
    ///
    /// Needs the settings and an up-to-date database, and reads the report (RFC 3464) from standard input, as a mail server pipes
    /// it. What is no report of a final failure of a mail of ours to that recipient changes nothing. On SQLite the server must be
    /// stopped meanwhile.
    Bounce,
    /// Write every mail into a folder, as it looks, in all languages
    ///
    /// Needs no settings and no database; the facts in them are made up. In development they are also at `/mails/`.
    Mails {
        /// Where to; files of these names are replaced
        folder: PathBuf,
    },
    /// Print the DNS records of the keys that sign mails
    ///
    /// Needs the settings and no database. One a line, as zone files have it; they must be there before the keys sign.
    DkimRecord,
    /// Erase a person
    ///
    /// Needs the settings and an up-to-date database. What must be kept of a dossier names a pseudonym from then on;
    /// everything else is gone. It cannot be undone.
    Erase {
        /// The address of the account
        #[arg(long)]
        email: String,
    },
    /// Check that no entry of the audit log was changed, removed or inserted
    ///
    /// Needs the settings and the database, which it only reads. Exits with 1 and names the first bad entry if the
    /// chain is broken.
    VerifyAudit {
        /// Also require that the chain contains this published head, or it was cut and written anew
        #[arg(long, value_name = "HASH", value_parser = parse_hash)]
        expect_head: Option<String>,
    },
    /// Print a ranking with everything that it follows from
    ///
    /// Needs the settings and the database, which it only reads. Computes it anew from rubric and locked sheets, holds it
    /// against the decision and the audit log, and exits with 1 where they differ.
    ExplainRanking {
        /// The handle of the challenge, as in its address
        challenge: String,
    },
    /// Check that every submitted version of a proposal is what was handed in
    ///
    /// Needs the settings and the database, which it only reads. Exits with 1 and names the first submission whose content,
    /// digest or time was changed.
    VerifyProposals,
    /// Check whether a receipt was signed by this server
    ///
    /// Needs the settings and no database. Prints what the receipt states; exits with 1 if it is none.
    VerifyReceipt {
        /// The file with the receipt: what the API calls `signed`
        file: PathBuf,
    },
    /// Print the audit log, one entry a line, as JSON
    ///
    /// Needs the settings and the database, which it only reads. Each line has the entry and the hash that binds it to the
    /// one before; `verify-audit` says whether the chain holds.
    ExportAudit {
        /// Only entries after this number
        #[arg(long, value_name = "NUMBER", default_value_t = 0)]
        after: i64,
    },
    /// Copy everything into a new folder, while the server runs
    ///
    /// Needs the settings and an up-to-date database, which it only reads; for PostgreSQL also `pg_dump`. The keys are
    /// settings and not in it.
    Backup {
        /// The folder to make
        folder: PathBuf,
    },
    /// Bring a backup back into an empty place, and check that it is whole
    ///
    /// Needs the settings of the place to restore to; for PostgreSQL also `pg_restore`. Nothing that is there is replaced.
    Restore {
        /// The folder that `backup` made
        folder: PathBuf,
    },
    /// Print every setting with its meaning, value and default
    ///
    /// A Markdown table, the one of the README. Needs no settings and no database.
    Settings,
    /// Print who may do what, and which states lead where
    ///
    /// The rules as the program applies them. Needs no settings and no database.
    Rules,
}

/// Who the new administrator is.
#[derive(Debug, PartialEq, Eq, Args)]
pub struct CreateAdmin {
    /// The address to log in with
    #[arg(long)]
    pub email: String,
    /// The name others see
    #[arg(long)]
    pub name: String,
    /// The language of mails
    #[arg(long, default_value = "vi", value_parser = ["vi", "en"])]
    pub locale: String,
    /// Read the password from the first line of standard input instead of asking
    #[arg(long)]
    pub password_stdin: bool,
}

/// Which dead letters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Again {
    /// All of them.
    All,
    /// The one of this id.
    One(Uuid),
    /// Those to this address.
    To(Email),
}

fn parse_again(text: &str) -> Result<Again, &'static str> {
    if text == "all" {
        return Ok(Again::All);
    }
    let address = || Email::parse(text).map(Again::To);
    Uuid::parse_str(text)
        .map(Again::One)
        .or_else(|_| address())
        .map_err(|_| "the id of a mail, as listed, an address, or all")
}

/// A SHA-256 hash in hexadecimal, in lower case whatever was typed.
fn parse_hash(text: &str) -> Result<String, &'static str> {
    if text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        Ok(text.to_ascii_lowercase())
    } else {
        Err("a hash is 64 hexadecimal digits")
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parse(line: &str) -> Result<Command, clap::Error> {
        Cli::try_parse_from(line.split(' ')).map(Cli::into_command)
    }

    #[test]
    fn definitions_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn without_a_command_it_serves() {
        assert_eq!(parse("server").unwrap(), Command::Serve);
        assert_eq!(parse("server serve").unwrap(), Command::Serve);
    }

    #[test]
    fn an_administrator_needs_an_address_and_a_name() {
        let admin = CreateAdmin {
            email: "an@example.vn".into(),
            name: "An".into(),
            locale: "vi".into(),
            password_stdin: false,
        };
        assert_eq!(
            parse("server create-admin --email an@example.vn --name An").unwrap(),
            Command::CreateAdmin(admin)
        );
        assert!(parse("server create-admin --email an@example.vn").is_err());
        assert!(parse("server create-admin --email an@example.vn --name An --locale fr").is_err());
        assert!(parse("server create-admin --email an@example.vn --name An --password x").is_err());
    }

    #[test]
    fn a_head_is_a_whole_hash() {
        let hash = "AB".repeat(32);
        assert_eq!(
            parse(&format!("server verify-audit --expect-head {hash}")).unwrap(),
            Command::VerifyAudit { expect_head: Some(hash.to_lowercase()) }
        );
        assert!(parse("server verify-audit --expect-head abc").is_err());
    }

    #[test]
    fn dead_letters_are_sent_again_by_id_or_all() {
        assert_eq!(parse("server dead-letters").unwrap(), Command::DeadLetters { resend: None });
        assert_eq!(
            parse("server dead-letters --resend all").unwrap(),
            Command::DeadLetters { resend: Some(Again::All) }
        );
        let to = Email::parse("an@example.vn").unwrap();
        assert_eq!(
            parse("server dead-letters --resend an@example.vn").unwrap(),
            Command::DeadLetters { resend: Some(Again::To(to)) }
        );
        assert!(parse("server dead-letters --resend everything").is_err());
    }

    #[test]
    fn wrong_usage_exits_with_2_and_help_with_0() {
        assert_eq!(parse("server fly").unwrap_err().exit_code(), 2);
        assert_eq!(parse("server --help").unwrap_err().exit_code(), 0);
    }

    #[test]
    fn help_names_every_command_and_exit_code() {
        let help = parse("server --help").unwrap_err().to_string();
        for word in [
            "serve",
            "schema",
            "migrate",
            "demo",
            "create-admin",
            "bounce",
            "dkim-record",
            "mails",
            "erase",
            "verify-audit",
            "verify-proposals",
            "verify-receipt",
            "export-audit",
            "backup",
            "restore",
            "settings",
            "rules",
        ] {
            assert!(help.contains(&format!("\n  {word} ")), "{word} is missing in:\n{help}");
        }
        assert!(help.contains("Exit codes:\n  0  done\n  1  failed"));
    }
}
