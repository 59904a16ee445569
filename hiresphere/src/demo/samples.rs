//! The samples, carried in the binary. A test holds this list against `samples/index.tsv`.

/// A job and the resumes that apply to it.
pub(super) struct Job {
    /// The job file's name, without its folder.
    pub(super) file: &'static str,
    /// Its text.
    pub(super) text: &'static str,
    /// File names and bytes.
    pub(super) resumes: &'static [(&'static str, &'static [u8])],
}

macro_rules! job {
    ($folder:literal: $($resume:literal),* $(,)?) => {
        Job {
            file: concat!($folder, ".md"),
            text: include_str!(concat!("../../samples/", $folder, ".md")),
            resumes: &[$((
                $resume,
                include_bytes!(concat!("../../samples/", $folder, "/", $resume)),
            )),*],
        }
    };
}

pub(super) static JOBS: &[Job] = &[
    job!(
        "backend-engineer":
        "CV Amara Okafor (updated).docx",
        "Amara_Okafor_CV.pdf",
        "Dmitri_Volkov_Resume.pdf",
        "Nadia Haddad - application.pdf",
        "priya_raman.md",
        "resume-final-v2.docx",
        "tomasz_wisniewski_cv.txt",
        "zoe-mueller-lebenslauf-en.pdf",
    ),
    job!(
        "head-chef":
        "Gareth-Pugh-CV.md",
        "JB Moreau cv english.docx",
        "Lucía Fernández - CV 2026.pdf",
        "meiling_chow_resume.txt",
        "Seun CV.docx",
        "scan0004.pdf",
    ),
    job!(
        "ward-nurse":
        "aaliyah-thompson-resume.md",
        "bjorn_lindqvist.txt",
        "chidinma-eze.pdf",
        "Hana_Kobayashi_Resume.pdf",
        "Mensah Kwame - nursing.docx",
        "Siobhan_NiBhriain_CV.pdf",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_of_the_index_is_carried() {
        let index = include_str!("../../samples/index.tsv");
        let listed: Vec<(&str, &str)> = index
            .lines()
            .skip(1)
            .filter_map(|line| {
                let mut columns = line.split('\t');
                Some((columns.next()?, columns.next()?.rsplit('/').next()?))
            })
            .collect();
        let carried: Vec<(&str, &str)> = JOBS
            .iter()
            .flat_map(|job| job.resumes.iter().map(|(name, _)| (job.file, *name)))
            .collect();
        assert_eq!(carried, listed);
    }
}
