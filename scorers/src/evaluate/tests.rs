//! Evaluating from end to end, on a tiny made-up set.

use std::path::Path;

use super::*;
use crate::grading::Baseline;
use crate::profile::dates::Month;

const ENGINEER: &str = "Ann Lee\nann@lee.com\nSummary\nMachine learning engineer.\nExperience\nMachine Learning Engineer 01/2018 to 12/2020\nBuilt models in Python with TensorFlow and scikit-learn.\nSkills\nPython, Machine learning, TensorFlow, SQL\n";
const COOK: &str = "Bo Chen\nbo@chen.com\nSummary\nLine cook.\nExperience\nLine Cook 01/2018 to 12/2020\nCooked soups, sauces and desserts for 80 guests.\nSkills\nCooking, Food safety\n";

fn write(data: &Path, path: &str, text: &str) {
    let file = data.join(path);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, text).unwrap();
}

fn data() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path();
    write(
        data,
        "INDEX.tsv",
        "path\tkind\texpect\ncv/a.txt\tresume_pdf\tname=Ann Lee\ncv/b.txt\tresume_pdf\tname=Somebody Else\ncv/none.txt\tresume_pdf\tanonymised\n",
    );
    write(data, "cv/a.txt", ENGINEER);
    write(data, "cv/b.txt", COOK);
    write(data, "cv/none.txt", "LINE COOK\nSummary\nA cook who works hard.\nSkills\nCooking\n");
    write(
        data,
        "labelled/category_ranking/jds.json",
        r#"[{"category":"DATA","title":"Machine Learning Engineer","description":"Build machine learning models in Python."},
            {"category":"CHEF","title":"Cook","description":"Cook soups and sauces in a restaurant kitchen."}]"#,
    );
    write(
        data,
        "labelled/category_ranking/resumes.csv",
        "resume,category\ncv/a.txt,DATA\ncv/b.txt,CHEF\n",
    );
    let folder = "labelled/match_percentage";
    write(
        data,
        &format!("{folder}/job_description.pdf"),
        "Machine Learning Engineer\n\nRequirements\n- Python\n- Machine learning\n- TensorFlow\n",
    );
    write(
        data,
        &format!("{folder}/pairs.csv"),
        "resume,match_percentage,fit\na.pdf,60.5,1\nb.pdf,4.2,0\ngone.pdf,50,1\n",
    );
    write(data, &format!("{folder}/resumes/a.pdf"), ENGINEER);
    write(data, &format!("{folder}/resumes/b.pdf"), COOK);
    dir
}

#[test]
fn every_set_is_measured_and_what_cannot_be_read_is_told() {
    let dir = data();
    let read = |file: &Path| {
        std::fs::read_to_string(file).map(|text| vec![text]).map_err(|_| "not there".to_owned())
    };
    let grader = Baseline { as_of: Month { year: 2021, month: Some(1) } };
    let read_report = read_and_name(dir.path(), &read);
    let report = rank(dir.path(), &read, &grader);
    assert_eq!((read_report.names.known, read_report.names.exact), (2, 1));
    assert_eq!((read_report.names.anonymous, read_report.names.invented), (1, 0));
    assert_eq!(read_report.names.wrong.len(), 1);
    let categories = &report.category_ranking[0];
    assert_eq!((categories.method.as_str(), categories.jobs), (grader.release(), 2));
    assert_eq!((categories.pairs, categories.figures["auc"].value), (4, Some(1.0)));
    let matched = &report.match_percentage[0];
    assert_eq!(matched.pairs, 2);
    for figure in ["auc", "spearman"] {
        assert_eq!(matched.figures[figure].value, Some(1.0), "{figure}");
    }
    assert_eq!(sample(dir.path(), &read, 5).len(), 2);
    assert!(report.match_percentage.len() > 1, "simpler methods stand beside it");
    assert!(report.human_grades.is_empty());
    assert!(report.unread.iter().any(|p| p.file.ends_with("gone.pdf") && p.what == "not there"));
}

#[test]
fn an_empty_folder_gives_an_empty_report() {
    let dir = tempfile::tempdir().unwrap();
    let read = |_: &Path| Err("nothing".to_owned());
    let read_report = read_and_name(dir.path(), &read);
    assert_eq!((read_report.names.known, read_report.reading.files), (0, 0));
    let report = rank(dir.path(), &read, &Baseline { as_of: Month { year: 2021, month: None } });
    assert!(report.category_ranking.is_empty() && report.match_percentage.is_empty());
}
