// Batch normalization, right or with a mistake, held to exported cases:
//   java Example KERNEL FOLDER GROUP...   with KERNEL right, single-pass, short-dx or biased
// With ANSWERS=FILE in the environment it writes there what it answered.
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

class Example {
    private final String kernel;

    Example(String kernel) { this.kernel = kernel; }

    /** E[x^2] - mean^2, in float where x is no double. */
    private static double[] singlePass(double[] x, boolean wide) {
        if (wide) {
            double sum = 0, squares = 0;
            for (double v : x) { sum += v; squares += v * v; }
            double mean = sum / x.length;
            return new double[] {mean, squares / x.length - mean * mean};
        }
        float sum = 0, squares = 0;
        for (double v : x) { sum += (float) v; squares += (float) v * (float) v; }
        float mean = sum / x.length;
        return new double[] {mean, squares / x.length - mean * mean};
    }

    private static double[] twoPasses(double[] x) {
        double mean = 0, var = 0;
        for (double v : x) mean += v / x.length;
        for (double v : x) var += (v - mean) * (v - mean) / x.length;
        return new double[] {mean, var};
    }

    private static void put(Judge.Call call, Map<String, double[]> found, String name, int i, double value) {
        boolean likeX = name.equals("y") || name.equals("dx");
        int size = likeX ? call.outer() * call.channels() * call.inner() : call.channels();
        found.computeIfAbsent(name, key -> new double[size])[i] = Judge.rounded(value, call.typeOf(name));
    }

    private static double one(double[] values, int c, double absent) { return values == null ? absent : values[c]; }

    Map<String, double[]> batchNorm(Judge.Call call) {
        int C = call.channels(), M = call.outer() * call.inner();
        if (M == 0 || C == 0) return null;
        Map<String, double[]> found = new HashMap<>();
        for (int c = 0; c < C; c++) channel(call, found, c, M);
        return found;
    }

    private void channel(Judge.Call call, Map<String, double[]> found, int c, int M) {
        int[] at = new int[M];
        for (int m = 0; m < M; m++) at[m] = (m / call.inner() * call.channels() + c) * call.inner() + m % call.inner();
        double[] x = Arrays.stream(at).mapToDouble(i -> call.given("x")[i]).toArray(), dy = call.given("dy");
        double[] oldMean = call.given("running_mean"), oldVar = call.given("running_var");
        double[] of = !call.training() ? new double[] {oldMean[c], oldVar[c]}
            : kernel.equals("single-pass") ? singlePass(x, call.type().digits() > 24) : twoPasses(x);
        double mean = of[0], var = of[1], invStd = 1 / Math.sqrt(var + call.eps()), dbeta = 0, dgamma = 0;
        double gamma = one(call.given("gamma"), c, 1), beta = one(call.given("beta"), c, 0);
        double[] xhat = Arrays.stream(x).map(v -> (v - mean) * invStd).toArray();
        for (int m = 0; m < M; m++) put(call, found, "y", at[m], xhat[m] * gamma + beta);
        put(call, found, "inv_std", c, invStd);
        if (call.training()) put(call, found, "mean", c, mean);
        if (call.training()) put(call, found, "var", c, var);
        for (int m = 0; dy != null && m < M; m++) { dbeta += dy[at[m]]; dgamma += dy[at[m]] * xhat[m]; }
        for (int m = 0; dy != null && m < M; m++) {
            double byVar = kernel.equals("short-dx") ? 0 : xhat[m] * dgamma;
            double through = call.training() ? (dbeta + byVar) / M : 0;
            put(call, found, "dx", at[m], gamma * invStd * (dy[at[m]] - through));
        }
        if (dy != null) put(call, found, "dgamma", c, dgamma);
        if (dy != null) put(call, found, "dbeta", c, dbeta);
        if (oldMean == null) return;
        double weight = call.training() ? call.momentum() : 0; // of the new batch
        double unbiased = kernel.equals("biased") || !call.training() ? var : var * M / (M - 1.0);
        put(call, found, "running_mean", c, oldMean[c] + weight * (mean - oldMean[c]));
        put(call, found, "running_var", c, oldVar[c] + weight * (unbiased - oldVar[c]));
        put(call, found, "running_var_biased", c, oldVar[c] + weight * (var - oldVar[c]));
    }

    public static void main(String[] args) {
        try {
            System.exit(run(args) ? 0 : 1);
        } catch (IOException | RuntimeException error) {
            System.err.println(error);
            System.exit(2);
        }
    }

    private static boolean run(String[] args) throws IOException {
        if (args.length < 3 || !List.of("right", "single-pass", "short-dx", "biased").contains(args[0])) {
            throw new IOException("java Example right|single-pass|short-dx|biased FOLDER GROUP...");
        }
        Example example = new Example(args[0]);
        StringBuilder told = new StringBuilder();
        boolean right = Judge.judge(Path.of(args[1]), Arrays.asList(args).subList(2, args.length), call -> {
            Map<String, double[]> answers = example.batchNorm(call);
            if (answers != null) answers.forEach((name, values) -> {
                told.append(call.id()).append(' ').append(name);
                for (double value : values) told.append(' ').append(value);
                told.append('\n');
            });
            return answers;
        });
        String file = System.getenv("ANSWERS");
        if (file != null) try (PrintWriter writer = new PrintWriter(file)) { writer.print(told); }
        return right;
    }
}
