//! Programs that run another command: `sudo psql`, `npx prisma`, `docker compose exec db psql`.

/// What a command wraps.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wrapped {
    /// Another command.
    Command(Vec<String>),
    /// Texts of commands: `sh -c`.
    Texts(Vec<String>),
    /// A command that gets the words of its input: `xargs`.
    Each(Vec<String>),
}

/// A program that runs the command after its own words.
struct Wrapper {
    /// Its first words.
    name: &'static str,
    /// Options that take a value.
    valued: &'static str,
    /// Words of its own after the options.
    own: usize,
}

const fn wrapper(name: &'static str, valued: &'static str, own: usize) -> Wrapper {
    Wrapper { name, valued, own }
}

/// Longer names first.
const WRAPPERS: [Wrapper; 67] = [
    wrapper("env", "-u -C -S --unset --chdir", 0),
    wrapper("sudo", "-u -g -h -p -C -D -R -T -U --user --group", 0),
    wrapper("doas", "-u -C", 0),
    wrapper("time", "-f -o", 0),
    wrapper("nohup", "", 0),
    wrapper("nice", "-n --adjustment", 0),
    wrapper("ionice", "-c -n -p", 0),
    wrapper("timeout", "-k -s --kill-after --signal", 1),
    wrapper("gtimeout", "-k -s", 1),
    wrapper("exec", "-a", 0),
    wrapper("builtin", "", 0),
    wrapper("setsid", "", 0),
    wrapper("stdbuf", "-i -o -e", 0),
    wrapper("unbuffer", "", 0),
    wrapper("chronic", "", 0),
    wrapper("retry", "-t --times -d --delay", 0),
    wrapper("flock", "-w -E --timeout", 1),
    wrapper("chroot", "", 1),
    wrapper("strace", "-e -o -p", 0),
    wrapper("runuser", "-u -g -s", 0),
    wrapper("gosu", "", 1),
    wrapper("su-exec", "", 1),
    wrapper("tini", "", 0),
    wrapper("dumb-init", "", 0),
    wrapper("direnv exec", "", 1),
    wrapper("dotenv", "-e -p -c -v -f", 0),
    wrapper("dotenv-cli", "-e -p -c -v -f", 0),
    wrapper("dotenvx run", "-f --env-file -e", 0),
    wrapper("dotenv run", "-f", 0),
    wrapper("env-cmd", "-f -e -r --file", 0),
    wrapper("cross-env", "", 0),
    wrapper("cross-env-shell", "", 0),
    wrapper("npx", "-p --package -w --workspace --node-options", 0),
    wrapper("pnpx", "-p --package", 0),
    wrapper("bunx", "-p --package", 0),
    wrapper("npm exec", "-p --package -w --workspace", 0),
    wrapper("npm x", "-p --package -w --workspace", 0),
    wrapper("pnpm exec", "", 0),
    wrapper("pnpm dlx", "--package", 0),
    wrapper("yarn exec", "", 0),
    wrapper("yarn dlx", "-p --package", 0),
    wrapper("bun x", "-p --package", 0),
    wrapper("bundle exec", "", 0),
    wrapper("poetry run", "", 0),
    wrapper("pipenv run", "", 0),
    wrapper("uv run", "--with --python -p --env-file --directory", 0),
    wrapper("uvx", "--with --python --from", 0),
    wrapper("pdm run", "", 0),
    wrapper("rye run", "", 0),
    wrapper("hatch run", "", 0),
    wrapper("mise exec", "", 0),
    wrapper("asdf exec", "", 0),
    wrapper("op run", "--env-file --account", 0),
    wrapper("doppler run", "-p -c --project --config -t", 0),
    wrapper("infisical run", "--env --path", 0),
    wrapper("railway run", "-s -e --service --environment", 0),
    wrapper("heroku run", "-a -r -s --app --remote --size", 0),
    wrapper("vercel env run", "-e --environment", 0),
    wrapper("docker exec", "-e -u -w --env --env-file --user --workdir --detach-keys", 1),
    wrapper("docker compose exec", "-e -u -w --env --user --workdir --index", 1),
    wrapper("docker compose run", "-e -u -w -v -p --env --user --workdir --volume --publish --name --entrypoint -l", 1),
    wrapper(
        "docker run",
        "-e -u -w -v -p -l -h -m --env --env-file --user --workdir --volume --publish --name --network --net --entrypoint --mount --link --platform --add-host",
        1,
    ),
    wrapper("docker container exec", "-e -u -w", 1),
    wrapper("kubectl exec", "-c -n --container --namespace --context", 1),
    wrapper("vagrant ssh", "", 0),
    wrapper("sail", "", 0),
    wrapper("caffeinate", "-t -w", 0),
];

/// Options of docker and kubectl that stand before the subcommand and take a value.
const BEFORE: [&str; 14] = [
    "-f",
    "--file",
    "-p",
    "--project-name",
    "--env-file",
    "--profile",
    "--project-directory",
    "-H",
    "--context",
    "-c",
    "-n",
    "--namespace",
    "--kubeconfig",
    "--host",
];

/// What the command runs, if it runs another.
pub(super) fn unwrap(words: &[String]) -> Option<Wrapped> {
    let words = &plain(words)[..];
    let name = words.first()?.as_str();
    let after = |option: fn(&str) -> bool| {
        let at = words.iter().skip(1).position(|word| option(word))?;
        words.get(at + 2).cloned()
    };
    let is_command = |word: &str| is_short(word, 'c') || word == "--command" || word == "-C";
    match name {
        "sh" | "bash" | "zsh" | "dash" | "ash" | "ksh" | "fish" => {
            after(|word| is_short(word, 'c')).map(|text| Wrapped::Texts(vec![text]))
        }
        "su" | "script" | "runuser" if words.iter().any(|word| is_command(word)) => {
            after(|word| is_short(word, 'c') || word == "--command").map(|text| Wrapped::Texts(vec![text]))
        }
        "npm"
            if words.get(1).is_some_and(|word| word == "exec" || word == "x")
                && words.iter().any(|word| word == "-c") =>
        {
            after(|word| word == "-c").map(|text| Wrapped::Texts(vec![text]))
        }
        "npx" | "pnpx" if words.iter().any(|word| word == "-c" || word == "--call") => {
            after(|word| word == "-c" || word == "--call").map(|text| Wrapped::Texts(vec![text]))
        }
        "fly" | "flyctl" if words.get(1).is_some_and(|word| word == "ssh") => {
            after(|word| word == "-C" || word == "--command").map(|text| Wrapped::Texts(vec![text]))
        }
        "nix-shell" | "nix" | "devbox" => {
            after(|word| word == "--run" || word == "--command").map(|text| Wrapped::Texts(vec![text]))
        }
        "env" if words.iter().any(|word| word == "-S") => {
            after(|word| word == "-S").map(|text| Wrapped::Texts(vec![text]))
        }
        "ssh" => ssh(words),
        "vagrant" => after(|word| word == "-c").map(|text| Wrapped::Texts(vec![text])),
        "watch" | "entr" => {
            let rest = inner(&words[1..], "-n --interval", 0);
            (!rest.is_empty()).then(|| Wrapped::Texts(vec![rest.join(" ")]))
        }
        "concurrently" | "run-script-os" | "cross-env-shell" => {
            let texts = words[1..].iter().filter(|word| word.contains(' ') || word.contains(':'));
            Some(Wrapped::Texts(texts.map(|text| npm_shorthand(text)).collect()))
        }
        "npm-run-all" | "run-s" | "run-p" => {
            let texts = words[1..].iter().filter(|word| !word.starts_with('-'));
            Some(Wrapped::Texts(texts.map(|name| format!("npm run {name}")).collect()))
        }
        "start-server-and-test" => Some(Wrapped::Texts(vec![format!("npm run {}", words.last()?)])),
        "nodemon" => after(|word| word == "--exec" || word == "-x").map(|text| Wrapped::Texts(vec![text])),
        "xargs" | "parallel" => {
            let rest = inner(&words[1..], "-I -n -P -L -d -s -E -a -j", 0);
            (!rest.is_empty()).then_some(Wrapped::Each(rest))
        }
        "find" | "fd" => {
            let at = words
                .iter()
                .position(|word| ["-exec", "-execdir", "-ok", "-x", "-X", "--exec"].contains(&word.as_str()))?;
            let command = words[at + 1..].iter().take_while(|word| *word != ";" && *word != "+");
            let mut command: Vec<String> = command.filter(|word| *word != "{}").cloned().collect();
            command.extend(words[1..at].iter().filter(|word| !word.starts_with('-')).cloned());
            Some(Wrapped::Command(command))
        }
        "command" if words.get(1).is_some_and(|word| word.starts_with('-')) => None,
        "command" => Some(Wrapped::Command(words[1..].to_vec())),
        _ => listed(words),
    }
}

fn listed(words: &[String]) -> Option<Wrapped> {
    let fits = |wrapper: &&Wrapper| {
        let name: Vec<&str> = wrapper.name.split(' ').collect();
        words.len() > name.len() && name.iter().zip(words).all(|(name, word)| name == word)
    };
    let wrapper = WRAPPERS.iter().filter(fits).max_by_key(|wrapper| wrapper.name.len())?;
    let rest = inner(&words[wrapper.name.split(' ').count()..], wrapper.valued, wrapper.own);
    if rest.is_empty() {
        return None;
    }
    // A package with its version; a scope has such a sign too.
    let mut rest = rest;
    if let Some((name, _)) = rest[0].rsplit_once('@').filter(|(name, _)| !name.is_empty()) {
        rest[0] = name.to_owned();
    }
    Some(Wrapped::Command(rest))
}

/// The command after options, assignments and words of the wrapper's own.
fn inner(words: &[String], valued: &str, mut own: usize) -> Vec<String> {
    let mut at = 0;
    let mut options = true;
    while let Some(word) = words.get(at) {
        if options && word == "--" {
            options = false;
        } else if options && word.starts_with('-') && word.len() > 1 {
            at += usize::from(valued.split(' ').any(|option| option == word));
        } else if own > 0 {
            own -= 1;
            options = own > 0 || words.get(at + 1).is_some_and(|word| word == "--");
        } else if !is_assignment(word) {
            break;
        }
        at += 1;
    }
    words.get(at..).unwrap_or_default().to_vec()
}

/// The words with the program's name without its directory, and options before a subcommand of docker left out.
fn plain(words: &[String]) -> Vec<String> {
    let mut plain = words.to_vec();
    let Some(first) = plain.first_mut() else { return plain };
    *first = program(first).to_owned();
    let name = first.clone();
    if name == "docker-compose" || name == "podman-compose" {
        plain.splice(..1, ["docker".to_owned(), "compose".to_owned()]);
    } else if name == "podman" || name == "nerdctl" {
        "docker".clone_into(&mut plain[0]);
    } else if name == "oc" || name == "k" {
        "kubectl".clone_into(&mut plain[0]);
    }
    if ["docker", "kubectl"].contains(&plain[0].as_str()) {
        let mut at = 1;
        while at < plain.len() && (plain[at].starts_with('-') || plain[at] == "compose") {
            let takes = BEFORE.contains(&plain[at].as_str());
            if plain[at] == "compose" {
                at += 1;
            } else {
                plain.drain(at..(at + 1 + usize::from(takes)).min(plain.len()));
            }
        }
    }
    plain
}

/// As [`plain`], for those who look for subcommands.
pub(super) fn words_of(words: &[String]) -> Vec<String> {
    plain(words)
}

/// The name of a program without its directory.
pub(super) fn program(word: &str) -> &str {
    let name = word.rsplit('/').next().unwrap_or(word);
    name.strip_suffix(".cmd").or_else(|| name.strip_suffix(".exe")).unwrap_or(name)
}

fn ssh(words: &[String]) -> Option<Wrapped> {
    let rest = inner(&words[1..], "-p -i -l -o -L -R -D -F -J -b -c -E -m -O -Q -S -W -w", 1);
    // Without a command it runs a shell.
    Some(if rest.is_empty() { Wrapped::Command(vec!["sh".to_owned()]) } else { Wrapped::Texts(vec![rest.join(" ")]) })
}

/// `-c`, `-lc`, `-ec`.
fn is_short(word: &str, letter: char) -> bool {
    word.starts_with('-') && !word.starts_with("--") && word.ends_with(letter) && word.len() <= 5
}

/// `npm:name` of concurrently.
fn npm_shorthand(text: &str) -> String {
    match text.split_once(':') {
        Some((manager @ ("npm" | "pnpm" | "yarn" | "bun"), script)) if !script.contains(' ') => {
            format!("{manager} run {script}")
        }
        _ => text.to_owned(),
    }
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.chars().all(|char| char.is_ascii_alphanumeric() || char == '_')
    })
}
