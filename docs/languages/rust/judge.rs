//! Reads exported cases (`conformance export --format raw`) and judges by their bounds what a kernel
//! answers, by std alone.  ../README.md tells how:  rustc --edition 2021 -O example.rs
use std::{collections::{BTreeSet, HashMap}, fs, path::Path};
/// Bits of the significand and largest exponent of 2; an f64 holds the values of every type.
#[derive(Clone, Copy)] pub struct Type { pub digits: i32, pub bias: i32 }
pub struct Array { values: Vec<f64>, shape: Vec<usize>, kind: Type }
/// A call; value i of channel c in sample o of x is number (o * channels + c) * inner + i.
pub struct Call {
    pub id: String, pub training: bool, pub eps: f64, pub momentum: f64,
    pub outer: usize, pub channels: usize, pub inner: usize, pub kind: Type, pub parameter_kind: Type,
    arrays: HashMap<String, Array>, limit: f64, edges: bool,
}
impl Call { pub fn given(&self, name: &str) -> Option<&[f64]> { self.arrays.get(name).map(|a| &a.values[..]) } }
pub type Answers = HashMap<&'static str, Vec<f64>>; // by output, values of its type
const OUTPUTS: [&str; 10] = ["y", "dx", "dgamma", "dbeta", "mean", "var", "inv_std", "running_mean",
    "running_var", "running_var_biased"];
pub fn rounded(v: f64, kind: Type) -> f64 { // to a value of a type, nearest even
    if v == 0.0 || !v.is_finite() || kind.digits == 53 { return v; }
    let exponent = ((v.to_bits() >> 52) & 2047) as i32 - 1023;
    let step = 2f64.powi(exponent.max(1 - kind.bias) - kind.digits + 1);
    let r = (v / step + 6755399441055744.0 - 6755399441055744.0) * step; // 1.5 * 2^52: no fraction fits
    if r.abs() >= 2f64.powi(kind.bias + 1) { f64::INFINITY.copysign(v) } else { r }
}
fn half(bits: u16, kind: Type) -> f64 {
    let wide = kind.digits - 1; // bits that are stored of the significand
    let (exponent, low) = ((bits & 0x7fff) as i32 >> wide, (bits as i32 & ((1 << wide) - 1)) as f64);
    let size = if exponent > 2 * kind.bias { if low > 0.0 { f64::NAN } else { f64::INFINITY } }
        else if exponent == 0 { low * 2f64.powi(1 - kind.bias - wide) }
        else { (low + 2f64.powi(wide)) * 2f64.powi(exponent - kind.bias - wide) };
    if bits >> 15 == 1 { -size } else { size }
}
fn decoded(bytes: &[u8], kind: Type) -> Vec<f64> {
    match kind.digits {
        53 => bytes.chunks(8).map(|b| f64::from_le_bytes(b.try_into().unwrap())).collect(),
        24 => bytes.chunks(4).map(|b| f32::from_le_bytes(b.try_into().unwrap()) as f64).collect(),
        _ => bytes.chunks(2).map(|b| half(u16::from_le_bytes(b.try_into().unwrap()), kind)).collect(),
    }
}
/// Reads a case.  Its text has one attribute and one array on a line, and that is relied on.
fn read(folder: &Path) -> Call {
    let open = |name: &str| fs::read(folder.join(name)).unwrap_or_else(|e| panic!("{folder:?} {name}: {e}"));
    let text = String::from_utf8(open("case.json")).expect("UTF-8");
    let lines: HashMap<&str, &str> = text.lines().filter_map(|line| line.trim().split_once("\": "))
        .map(|(name, value)| (name.trim_start_matches('"'), value.trim_end_matches(','))).collect();
    let said = |name: &str| *lines.get(name).unwrap_or_else(|| panic!("{folder:?} has no {name}"));
    let number = |name: &str| said(name).parse::<f64>().expect("a number");
    let integers = |text: &str| text.trim_matches(|c| "[]:, ".contains(c)).split(", ")
        .map(|n| n.parse::<i64>().expect("an integer")).collect::<Vec<_>>();
    let mut arrays = HashMap::new();
    for (name, facts) in lines.iter().filter(|(_, facts)| facts.starts_with("{\"type\"")) {
        let part: Vec<&str> = facts.split('"').collect(); // {"type": "float32", "shape": [6, 8], ...
        let (digits, bias) = match part[3] { "float64" => (53, 1023), "float32" => (24, 127),
            "float16" => (11, 15), "bfloat16" => (8, 127), other => panic!("no type is called {other}") };
        let shape: Vec<_> = integers(part[6]).iter().map(|n| *n as usize).collect();
        let values = decoded(&open(part[9]), Type { digits, bias });
        assert_eq!(values.len(), shape.iter().product(), "{folder:?}: values of {name}");
        arrays.insert(name.to_string(), Array { values, shape, kind: Type { digits, bias } });
    }
    let (x, axis) = (&arrays["x"], integers(said("axis")));
    let parameter = ["gamma", "beta", "running_mean", "running_var"].iter().find_map(|p| arrays.get(*p));
    let first = axis[0].rem_euclid(x.shape.len() as i64) as usize;
    let product = |from: usize, to: usize| x.shape[from..to].iter().product();
    let (after, rank) = (first + axis.len(), x.shape.len());
    Call { id: said("id").trim_matches('"').to_string(), training: said("mode") == "\"train\"",
        eps: number("eps"), momentum: number("momentum"), limit: number("limit"),
        outer: product(0, first), channels: product(first, after), inner: product(after, rank),
        kind: x.kind, parameter_kind: parameter.unwrap_or(x).kind, edges: said("edges") != "[]", arrays }
}
fn error(a: f64, exact: f64, unit: f64, limit: f64, kind: Type) -> f64 { // in units
    let largest = (2.0 - 2f64.powi(1 - kind.digits)) * 2f64.powi(kind.bias);
    let reaches = exact.abs() + limit * unit >= largest * (1.0 + 2f64.powi(-kind.digits - 1));
    if a == exact || (a.is_nan() && !exact.is_finite()) { return 0.0; }
    if a.is_infinite() && a * exact > 0.0 && reaches { return 0.0; }
    if !(a - exact).is_finite() || !unit.is_finite() || rounded(a, kind) != a { return f64::INFINITY; }
    (a - exact).abs() / unit
}
fn judge_output(call: &Call, name: &str, a: &[f64]) -> &'static str { // its grade
    let of = |folder: &str| call.arrays.get(&format!("{folder}/{name}"));
    let (due, unit, loss) = (of("expected").unwrap(), of("unit").expect("its units"), of("loss"));
    let kind = if name == "y" || name == "dx" { call.kind } else { call.parameter_kind };
    assert_eq!(a.len(), due.values.len(), "{}: values of {name}", call.id);
    let (mut worst, mut at, mut out, mut lost, mut left) = (0.0, 0, 0, 0, a.len());
    for i in 0..left {
        let units = error(a[i], due.values[i], unit.values[i], call.limit, kind);
        out += (units > call.limit) as usize;
        lost += (units > call.limit + loss.map_or(0.0, |l| l.values[i])) as usize;
        if units > worst { (worst, at) = (units, i); }
    }
    let grade = if out == 0 { "A" } else if lost == 0 { "B" } else if call.edges { "edge" } else { "wrong" };
    if a.is_empty() { return grade; }
    let index: Vec<_> = due.shape.iter().map(|n| { left /= n; at / left % n }).collect();
    println!("{grade:5} {worst:9.2e} units  {} {name} at {index:?}: {:?}, expected {:?}, bound {:.2e}, {out} of {} out",
        call.id, a[at], due.values[at], call.limit * unit.values[at], a.len());
    grade
}
/// Judges the groups of an export; true if all is right.
pub fn judge(folder: &str, groups: &[String], kernel: impl Fn(&Call) -> Option<Answers>) -> bool {
    let mut count: HashMap<&str, usize> = HashMap::new();
    for group in groups.iter().map(|group| Path::new(folder).join(group)) {
        let listed = fs::read_dir(&group).unwrap_or_else(|e| panic!("{group:?}: {e}"));
        let cases: BTreeSet<_> = listed.map(|file| file.expect("a folder").path()).collect();
        for call in cases.iter().map(|case| read(case)) {
            let earlier = call.given("history").or(call.given("mask")).is_some();
            let answers = if earlier { None } else { kernel(&call) };
            let word = if answers.is_some() { "cases" } else if earlier { "unread" } else { "refused" };
            *count.entry(word).or_default() += 1;
            let answers = if let Some(found) = answers { found } else { println!("{word} {}", call.id); continue };
            for name in OUTPUTS.iter().filter(|n| call.given(&format!("expected/{n}")).is_some()) {
                let grade = answers.get(name).map_or("absent", |a| judge_output(&call, name, a));
                *count.entry(grade).or_default() += 1;
            }
        }
    }
    let of = |word: &str| count.get(word).copied().unwrap_or(0);
    let right = of("A") + of("B") > 0 && of("wrong") == 0;
    let told = ["cases", "unread", "refused", "absent", "wrong", "edge", "B", "A"].map(|w| format!("{} {w}", of(w)));
    println!("{}: {}", if right { "RIGHT" } else { "WRONG" }, told.join(", "));
    right
}
