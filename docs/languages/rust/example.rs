//! Batch normalization, right or with a mistake, held to exported cases:
//! `./example KERNEL FOLDER GROUP...` with KERNEL right, single-pass, short-dx or biased.  With
//! ANSWERS=FILE in the environment it writes there what it answered.
mod judge;
use judge::{rounded, Answers, Call};
use std::{cell::RefCell, env, fmt::Write, fs, process::exit};

fn single_pass(values: &[f64], wide: bool) -> (f64, f64) {
    if wide {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        return (mean, values.iter().map(|v| v * v).sum::<f64>() / n - mean * mean);
    }
    let (n, values) = (values.len() as f32, values.iter().map(|v| *v as f32));
    let mean = values.clone().sum::<f32>() / n;
    (mean as f64, (values.map(|v| v * v).sum::<f32>() / n - mean * mean) as f64)
}
fn two_passes(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().map(|v| v / n).sum::<f64>();
    (mean, values.iter().map(|v| (v - mean) * (v - mean) / n).sum())
}
fn batch_norm(call: &Call, kernel: &str) -> Option<Answers> {
    let (channels, m) = (call.channels, call.outer * call.inner);
    if m == 0 || channels == 0 { return None; }
    let mut found = Answers::new();
    let mut put = |name: &'static str, i: usize, value: f64| {
        let like_x = name == "y" || name == "dx";
        let size = if like_x { m * channels } else { channels };
        let kind = if like_x { call.kind } else { call.parameter_kind };
        found.entry(name).or_insert_with(|| vec![0.0; size])[i] = rounded(value, kind);
    };
    let one = |name: &str, c: usize, absent: f64| call.given(name).map_or(absent, |values| values[c]);
    for c in 0..channels {
        let at = |i: usize| (i / call.inner * channels + c) * call.inner + i % call.inner;
        let channel = |name: &str| call.given(name).map(|all| (0..m).map(|i| all[at(i)]).collect::<Vec<_>>());
        let x = channel("x").unwrap();
        let (old_mean, old_var) = (one("running_mean", c, 0.0), one("running_var", c, 0.0));
        let (mean, var) = if !call.training { (old_mean, old_var) }
            else if kernel == "single-pass" { single_pass(&x, call.kind.digits > 24) }
            else { two_passes(&x) };
        let inv_std = 1.0 / (var + call.eps).sqrt();
        let (n, gamma, beta) = (m as f64, one("gamma", c, 1.0), one("beta", c, 0.0));
        let xhat: Vec<f64> = x.iter().map(|v| (v - mean) * inv_std).collect();
        for i in 0..m { put("y", at(i), xhat[i] * gamma + beta); }
        put("inv_std", c, inv_std);
        if call.training { put("mean", c, mean); put("var", c, var); }
        if let Some(dy) = channel("dy") {
            let dbeta: f64 = dy.iter().sum();
            let dgamma: f64 = dy.iter().zip(&xhat).map(|(d, h)| d * h).sum();
            for i in 0..m {
                let by_var = if kernel == "short-dx" { 0.0 } else { xhat[i] * dgamma };
                let through = if call.training { (dbeta + by_var) / n } else { 0.0 };
                put("dx", at(i), gamma * inv_std * (dy[i] - through));
            }
            put("dgamma", c, dgamma);
            put("dbeta", c, dbeta);
        }
        if call.given("running_mean").is_none() { continue; }
        let weight = if call.training { call.momentum } else { 0.0 }; // of the new batch
        let unbiased = if kernel == "biased" || !call.training { var } else { var * n / (n - 1.0) };
        put("running_mean", c, old_mean + weight * (mean - old_mean));
        put("running_var", c, old_var + weight * (unbiased - old_var));
        put("running_var_biased", c, old_var + weight * (var - old_var));
    }
    Some(found)
}
fn main() {
    let given: Vec<String> = env::args().collect();
    if given.len() < 4 || !["right", "single-pass", "short-dx", "biased"].contains(&&given[1][..]) {
        eprintln!("./example right|single-pass|short-dx|biased FOLDER GROUP...");
        exit(2);
    }
    let told = RefCell::new(String::new());
    let right = judge::judge(&given[2], &given[3..], |call| {
        let answers = batch_norm(call, &given[1]);
        for (name, values) in answers.iter().flatten() {
            let values: Vec<_> = values.iter().map(|v| format!("{v:?}")).collect();
            writeln!(told.borrow_mut(), "{} {name} {}", call.id, values.join(" ")).unwrap();
        }
        answers
    });
    if let Ok(file) = env::var("ANSWERS") { fs::write(file, &*told.borrow()).expect("ANSWERS"); }
    exit(if right { 0 } else { 1 });
}
