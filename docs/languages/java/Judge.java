// Reads exported cases (conformance export --format raw) and judges by their bounds what a kernel
// answers.  ../README.md tells how:  javac *.java && java Example right FOLDER GROUP...
import java.io.IOException;
import java.nio.*;
import java.nio.file.*;
import java.util.*;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Stream;
class Judge {
    /** Bits of the significand and largest exponent of 2; a double holds the values of every type. */
    record Type(int digits, int bias) {}
    record Array(double[] values, int[] shape, Type type) {}
    static final Map<String, Type> TYPES = Map.of("float64", new Type(53, 1023), "float32",
        new Type(24, 127), "float16", new Type(11, 15), "bfloat16", new Type(8, 127));
    static final List<String> OUTPUTS = List.of("y", "dx", "dgamma", "dbeta", "mean", "var", "inv_std",
        "running_mean", "running_var", "running_var_biased");
    /** A call; value i of channel c in sample o of x is number (o * channels + c) * inner + i. */
    record Call(String id, boolean training, double eps, double momentum, int outer, int channels,
                int inner, Type type, Type parameterType, Map<String, Array> arrays, double limit, boolean edges) {
        double[] given(String name) { return arrays.containsKey(name) ? arrays.get(name).values : null; }
        Type typeOf(String name) { return name.equals("y") || name.equals("dx") ? type : parameterType; }
    }
    static double rounded(double v, Type type) { // to a value of a type, nearest even
        if (v == 0 || !Double.isFinite(v)) return v;
        int last = Math.max(Math.getExponent(v), 1 - type.bias) - type.digits + 1;
        double r = Math.scalb(Math.rint(Math.scalb(v, -last)), last);
        return Math.abs(r) >= Math.scalb(1.0, type.bias) * 2 ? Math.copySign(Double.POSITIVE_INFINITY, v) : r;
    }
    static double half(int bits, Type type) {
        int wide = type.digits - 1, exponent = (bits & 0x7fff) >> wide, low = bits & ((1 << wide) - 1);
        double size = exponent > 2 * type.bias ? (low > 0 ? Double.NaN : Double.POSITIVE_INFINITY)
            : exponent == 0 ? Math.scalb((double) low, 1 - type.bias - wide)
            : Math.scalb((double) low + (1 << wide), exponent - type.bias - wide);
        return (bits & 0x8000) != 0 ? -size : size;
    }
    static int[] integers(String text) { // of "[6, 8]"
        return Pattern.compile("-?\\d+").matcher(text).results().mapToInt(n -> Integer.parseInt(n.group())).toArray();
    }
    static Array array(Path folder, String[] part) throws IOException { // {"type": "float32", "shape": ...
        Type type = TYPES.get(part[3]);
        int[] shape = integers(part[6]);
        double[] values = new double[Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(folder.resolve(part[9]))).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < values.length; i++)
            values[i] = type.digits == 53 ? bytes.getDouble() : type.digits == 24 ? bytes.getFloat() : half(bytes.getShort(), type);
        if (bytes.hasRemaining()) throw new IOException(folder + ": " + part[9] + " has more values than its shape");
        return new Array(values, shape, type);
    }
    /** Reads a case.  Its text has one attribute and one array on a line, and that is relied on. */
    static Call read(Path folder) throws IOException {
        Map<String, String> said = new HashMap<>(); Map<String, Array> arrays = new HashMap<>();
        for (String line : Files.readAllLines(folder.resolve("case.json"))) {
            String[] part = line.strip().split("\": ", 2);
            if (part.length < 2) continue; // a brace alone
            String name = part[0].substring(1), value = part[1].replaceAll(",$", "");
            if (value.startsWith("{\"type\"")) arrays.put(name, array(folder, value.split("\"")));
            else said.put(name, value.replaceAll("^\"|\"$", ""));
        }
        Array x = arrays.get("x");
        Type parameter = Stream.of("gamma", "beta", "running_mean", "running_var").filter(arrays::containsKey)
            .map(name -> arrays.get(name).type).findFirst().orElse(x.type);
        int[] axis = integers(said.get("axis")), sizes = {1, 1, 1};
        int first = Math.floorMod(axis[0], x.shape.length);
        for (int d = 0; d < x.shape.length; d++) sizes[d < first ? 0 : d < first + axis.length ? 1 : 2] *= x.shape[d];
        return new Call(said.get("id"), said.get("mode").equals("train"), Double.parseDouble(said.get("eps")),
            Double.parseDouble(said.get("momentum")), sizes[0], sizes[1], sizes[2], x.type, parameter, arrays,
            Double.parseDouble(said.get("limit")), !said.get("edges").equals("[]"));
    }
    static double error(double a, double exact, double unit, double limit, Type type) { // in units
        double largest = (2 - Math.scalb(1.0, 1 - type.digits)) * Math.scalb(1.0, type.bias);
        double overflow = largest * (1 + Math.scalb(1.0, -type.digits - 1));
        if (a == exact || (Double.isNaN(a) && !Double.isFinite(exact))) return 0;
        if (Double.isInfinite(a) && a * exact > 0 && Math.abs(exact) + limit * unit >= overflow) return 0;
        boolean bounded = Double.isFinite(a - exact) && Double.isFinite(unit) && rounded(a, type) == a;
        return bounded ? Math.abs(a - exact) / unit : Double.POSITIVE_INFINITY;
    }
    static String judgeOutput(Call call, String name, double[] a) { // its grade
        Array due = call.arrays.get("expected/" + name), unit = call.arrays.get("unit/" + name);
        double[] loss = call.given("loss/" + name);
        if (a.length != due.values.length) throw new IllegalArgumentException("size of " + call.id + " " + name);
        int at = 0, out = 0, lost = 0, left = a.length; double worst = 0;
        for (int i = 0; i < a.length; i++) {
            double units = error(a[i], due.values[i], unit.values[i], call.limit, call.typeOf(name));
            out += units > call.limit ? 1 : 0;
            lost += units > call.limit + (loss == null ? 0 : loss[i]) ? 1 : 0;
            if (units > worst) { worst = units; at = i; }
        }
        String grade = out == 0 ? "A" : lost == 0 ? "B" : call.edges ? "edge" : "wrong";
        List<Integer> index = new ArrayList<>(); if (a.length == 0) return grade;
        for (int n : due.shape) index.add(at / (left /= n) % n);
        System.out.printf("%-5s %9.3g units  %s %s at %s: %s, expected %s, bound %.3g, %d of %d out%n", grade,
            worst, call.id, name, index, a[at], due.values[at], call.limit * unit.values[at], out, a.length);
        return grade;
    }
    /** Judges groups of an export; a kernel gives outputs by name, or null for a call it cannot take. */
    static boolean judge(Path folder, List<String> groups, Function<Call, Map<String, double[]>> kernel) throws IOException {
        Map<String, Integer> count = new HashMap<>();
        for (String group : groups) {
            List<Path> cases; try (Stream<Path> listed = Files.list(folder.resolve(group))) { cases = listed.sorted().toList(); }
            for (Path place : cases) {
                Call call = read(place);
                boolean earlier = call.given("history") != null || call.given("mask") != null;
                Map<String, double[]> answers = earlier ? null : kernel.apply(call);
                String word = answers != null ? "cases" : earlier ? "unread" : "refused";
                count.merge(word, 1, Integer::sum);
                if (answers == null) { System.out.println(word + " " + call.id); continue; }
                for (String name : OUTPUTS)
                    if (call.given("expected/" + name) != null)
                        count.merge(answers.containsKey(name) ? judgeOutput(call, name, answers.get(name)) : "absent", 1, Integer::sum);
            }
        }
        boolean right = count.getOrDefault("A", 0) + count.getOrDefault("B", 0) > 0 && !count.containsKey("wrong");
        List<String> told = Stream.of("cases", "unread", "refused", "absent", "wrong",
            "edge", "B", "A").map(word -> count.getOrDefault(word, 0) + " " + word).toList();
        System.out.println((right ? "RIGHT: " : "WRONG: ") + String.join(", ", told));
        return right;
    }
}
