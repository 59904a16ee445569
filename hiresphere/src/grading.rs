//! Who grades: which releases, which of them people are shown, what they may spend. From the command line and the settings
//! file; keys from the environment or a file, looked for only where grading is done.

use std::path::PathBuf;
use std::sync::Arc;

use domain::model_release::Release;
use scorers::model::{ModelEngine, ModelSettings, PROMPT, Provider, SettingsError};
use scorers::worker::{AskedOf, BaselineEngine, Budgets, Engine};
use serde::Deserialize;

use crate::cli::{GraderArgs, PlaceArgs};
use crate::failure::Failure;
use crate::settings::grading_file;

/// The section `grading` of the settings file; every entry may be missing.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct GradingFile {
    /// The release whose scores people are shown.
    shown: Option<String>,
    /// Releases that score beside it.
    shadow: Vec<String>,
    /// What models may cost.
    budgets: Budgets,
    /// Models, beside those that are known without.
    releases: Vec<FileRelease>,
}

/// A model of the settings file.
#[derive(Clone, Deserialize)]
struct FileRelease {
    /// The variable that holds its key.
    #[serde(default)]
    api_key_env: Option<String>,
    /// The file that holds its key.
    #[serde(default)]
    api_key_file: Option<PathBuf>,
    #[serde(flatten)]
    model: ModelSettings,
}

/// A release that can grade.
#[derive(Clone)]
enum Known {
    Baseline,
    Model(Box<FileRelease>),
}

/// Who grades.
pub(crate) struct Grading {
    known: Vec<Known>,
    /// Where the shown one stands among the known.
    shown: usize,
    /// Likewise, those in shadow.
    shadow: Vec<usize>,
    /// Whether somebody said which one is shown.
    pub(crate) chosen: bool,
    pub(crate) budgets: Budgets,
}

impl Known {
    fn release(&self) -> Release {
        match self {
            Self::Baseline => BaselineEngine.release(),
            Self::Model(release) => release.model.release(),
        }
    }

    fn prompt_version(&self) -> String {
        match self {
            Self::Baseline => BaselineEngine.prompt_version(),
            Self::Model(_) => PROMPT.to_owned(),
        }
    }

    fn engine(&self) -> Result<Arc<dyn Engine>, Failure> {
        let Self::Model(release) = self else { return Ok(Arc::new(BaselineEngine)) };
        Ok(Arc::new(ModelEngine::new(release.with_key()?).map_err(wrong)?))
    }
}

/// A failure for settings of a model that cannot work.
pub(crate) fn wrong(error: SettingsError) -> Failure {
    Failure::new("SETTINGS", error.to_string(), "see docs/grading.md for what a release needs")
}

impl FileRelease {
    fn with_key(&self) -> Result<ModelSettings, Failure> {
        Ok(ModelSettings { api_key: self.key()?, ..self.model.clone() })
    }

    fn key(&self) -> Result<String, Failure> {
        let key = match (&self.api_key_env, &self.api_key_file) {
            (Some(name), _) => std::env::var(name).map_err(|_| {
                let message =
                    format!("the model `{}` needs a key, and {name} is not set", self.model.name);
                Failure::new(
                    "SETTINGS",
                    message,
                    "set it, or grade with --grader baseline, which needs none",
                )
            })?,
            (None, Some(file)) => std::fs::read_to_string(file)
                .map_err(|e| Failure::io(&format!("read the key in {}", file.display()), &e))?,
            (None, None) => String::new(),
        };
        Ok(key.trim().to_owned())
    }
}

impl Grading {
    /// The local grader alone, which needs nothing.
    pub(crate) fn local() -> Self {
        Self {
            known: vec![Known::Baseline],
            shown: 0,
            shadow: vec![],
            chosen: false,
            budgets: Budgets::default(),
        }
    }

    /// What was asked for, all sources together.
    pub(crate) fn of(place: &PlaceArgs, args: &GraderArgs) -> Result<Self, Failure> {
        let file = grading_file(place)?;
        let mut known = vec![Known::Baseline];
        for release in file.releases {
            let known_already =
                known.iter().any(|k| k.release().label() == release.model.release().label());
            if known_already {
                let message =
                    format!("the release {} is there twice", release.model.release().label());
                return Err(Failure::new("SETTINGS", message, "raise the version of one of them"));
            }
            known.push(Known::Model(Box::new(release)));
        }
        if !known.iter().any(|k| k.release().label() == "gpt-4o@1") {
            let mut model = ModelSettings::gpt_4o(String::new());
            // As OpenAI's own tools take it.
            model.base_url = std::env::var("OPENAI_BASE_URL").ok().filter(|url| !url.is_empty());
            let api_key_env = Some("OPENAI_API_KEY".to_owned());
            known.push(Known::Model(Box::new(FileRelease {
                api_key_env,
                api_key_file: None,
                model,
            })));
        }
        let shown = args.grader.as_deref().or(file.shown.as_deref());
        let chosen = shown.is_some();
        let shown = shown.map_or(Ok(0), |name| find(&known, name))?;
        let mut shadow = Vec::new();
        for name in if args.shadow.is_empty() { &file.shadow } else { &args.shadow } {
            let at = find(&known, name)?;
            if at != shown && !shadow.contains(&at) {
                shadow.push(at);
            }
        }
        let grading = Self { known, shown, shadow, chosen, budgets: file.budgets };
        grading.check()?;
        Ok(grading)
    }

    /// Puts a release at work beside the others; answers how it is asked.
    pub(crate) fn beside(&mut self, name: &str) -> Result<AskedOf, Failure> {
        let at = find(&self.known, name)?;
        if at != self.shown && !self.shadow.contains(&at) {
            self.shadow.push(at);
            self.check()?;
        }
        let known = self.known.get(at).cloned().unwrap_or(Known::Baseline);
        let release = known.release().label();
        Ok(AskedOf { release, prompt_version: known.prompt_version(), shadow: true })
    }

    fn check(&self) -> Result<(), Failure> {
        let unpriced = self.at_work().find_map(|known| match known {
            Known::Model(release) => {
                let model = &release.model;
                let free = model.provider == Provider::Compatible;
                (!free && model.usd_per_million_tokens.is_none()).then(|| model.release().label())
            }
            Known::Baseline => None,
        });
        match unpriced {
            Some(label) if self.budgets.limits_money() => {
                let message = format!(
                    "a budget in dollars cannot be held for {label}, whose price is not known"
                );
                Err(Failure::new(
                    "SETTINGS",
                    message,
                    "give its `usd_per_million_tokens`, or limit tokens",
                ))
            }
            _ => Ok(()),
        }
    }

    fn at_work(&self) -> impl Iterator<Item = &Known> {
        std::iter::once(self.shown)
            .chain(self.shadow.iter().copied())
            .filter_map(|at| self.known.get(at))
    }

    /// Whom scores are asked of: the one that is shown, then those in shadow.
    pub(crate) fn asked_of(&self) -> Vec<AskedOf> {
        let asked = |(i, known): (usize, &Known)| AskedOf {
            release: known.release().label(),
            prompt_version: known.prompt_version(),
            shadow: i > 0,
        };
        self.at_work().enumerate().map(asked).collect()
    }

    /// The release that people are shown the scores of: its label, and the version of its prompt.
    pub(crate) fn shown(&self) -> (String, String) {
        self.at_work().next().map_or_else(
            || (BaselineEngine.release().label(), BaselineEngine.prompt_version()),
            |known| (known.release().label(), known.prompt_version()),
        )
    }

    /// Every release that is at work, as it is registered.
    pub(crate) fn releases(&self) -> Vec<Release> {
        self.at_work().map(Known::release).collect()
    }

    /// Every release at work by its label; with how it is asked when it is a model, or why it cannot be.
    pub(crate) fn asked_where(&self) -> Vec<(String, Option<Result<ModelSettings, Failure>>)> {
        let asked = |known: &Known| match known {
            Known::Baseline => None,
            Known::Model(release) => Some(release.with_key()),
        };
        self.at_work().map(|known| (known.release().label(), asked(known))).collect()
    }

    /// What grades: the local grader always, since its runs may be asked for at any time, and the models at work.
    pub(crate) fn engines(&self) -> Result<Vec<Arc<dyn Engine>>, Failure> {
        let mut engines: Vec<Arc<dyn Engine>> = Vec::new();
        for known in self.at_work() {
            engines.push(known.engine()?);
        }
        if !self.at_work().any(|known| matches!(known, Known::Baseline)) {
            engines.push(Arc::new(BaselineEngine));
        }
        Ok(engines)
    }
}

/// Where a release stands among the known.
fn find(known: &[Known], name: &str) -> Result<usize, Failure> {
    let is = |k: &Known| {
        let release = k.release();
        release.label() == name || release.name == name
    };
    // Of several versions under one name the last is meant.
    known.iter().rposition(is).ok_or_else(|| {
        let names: Vec<_> = known.iter().map(|k| k.release().label()).collect();
        let message = format!("no release `{name}` is known");
        let others = "others go under `grading` in the settings file";
        Failure::new(
            "UNKNOWN_RELEASE",
            message,
            format!("known are {}; {others}", names.join(", ")),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(yaml: &str, grader: Option<&str>) -> Result<Grading, Failure> {
        // As `main` does.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("hiresphere.yaml");
        std::fs::write(&config, yaml).unwrap();
        let place = PlaceArgs { config: Some(config), ..PlaceArgs::default() };
        let args = GraderArgs { grader: grader.map(str::to_owned), shadow: vec![] };
        Grading::of(&place, &args)
    }

    const FILE: &str = "grading:\n  shown: house-llama\n  shadow: [baseline]\n  budgets:\n    per_day: { usd: 20 }\n  \
        releases:\n    - name: house-llama\n      version: \"2\"\n      model: llama3.3:70b\n      \
        base_url: http://gpu:11434/v1\n";

    #[test]
    fn the_file_names_releases_and_the_command_line_wins() {
        let grading = of(FILE, None).unwrap();
        let asked: Vec<_> =
            grading.asked_of().into_iter().map(|asked| (asked.release, asked.shadow)).collect();
        assert_eq!(asked, [("house-llama@2".to_owned(), false), ("baseline@1".to_owned(), true)]);
        assert_eq!(grading.engines().unwrap().len(), 2);
        let grading = of(FILE, Some("baseline")).unwrap();
        assert_eq!(grading.shown().0, "baseline@1");
        assert_eq!(
            of("", None).unwrap().shown().0,
            "baseline@1",
            "nothing is sent anywhere unasked"
        );
        let unknown = of(FILE, Some("gpt-7")).map(|_| ()).unwrap_err();
        assert_eq!(unknown.code, "UNKNOWN_RELEASE");
        assert!(unknown.advice.contains("house-llama@2"), "{}", unknown.advice);
    }

    #[test]
    fn what_cannot_work_is_said_before_anything_is_sent() {
        let refused = |yaml: &str, grader| of(yaml, grader).map(|_| ()).unwrap_err().code;
        assert_eq!(refused("grading: { shwon: baseline }", None), "SETTINGS");
        let unpriced = "grading:\n  budgets: { per_job: { usd: 5 } }\n  releases:\n    - { name: o, version: \"1\", \
            provider: openai, model: o9 }\n";
        assert_eq!(refused(unpriced, Some("o")), "SETTINGS");
        let keyless = of(unpriced.replace("usd", "tokens").as_str(), Some("o")).unwrap();
        assert_eq!(keyless.engines().map(|_| ()).unwrap_err().code, "SETTINGS");
    }
}
