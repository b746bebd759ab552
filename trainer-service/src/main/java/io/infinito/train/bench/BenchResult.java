package io.infinito.train.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.infinito.gpt.StepClock.Phase;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What was measured. Times are medians.
 *
 * @param preset name
 * @param device cpu or cuda
 * @param threads of libtorch, 0 on CUDA
 * @param parameters of the network
 * @param tokensPerStep trained in a step
 * @param stepMillis of a whole step
 * @param phaseMillis of its parts
 * @param flopsPerToken by formula
 * @param gemmGflops peak of bare matrix products, in the same run
 * @param residentBytesAtStep100 0 where the run was shorter
 * @param residentBytes at the end; 0 where the system does not tell
 * @param deviceBytes in use on the CUDA device at the end; 0 on a CPU
 * @param nativeArrays after the first counted step and after the last
 */
record BenchResult(
        String preset,
        String device,
        int threads,
        long parameters,
        int tokensPerStep,
        double stepMillis,
        Map<Phase, Double> phaseMillis,
        double flopsPerToken,
        double gemmGflops,
        long residentBytesAtStep100,
        long residentBytes,
        long deviceBytes,
        List<Integer> nativeArrays) {

    private static final double MEBIBYTE = 1 << 20;

    /** Of the median step. */
    double tokensPerSecond() {
        return tokensPerStep / stepMillis * 1000;
    }

    /** Model FLOPs utilisation: the share of the peak that the formula's operations make up. */
    double mfu() {
        return tokensPerSecond() * flopsPerToken / 1e9 / gemmGflops;
    }

    /** For people. */
    List<String> lines() {
        return List.of(
                line(
                        "%s, %.1fM parameters, %s%s",
                        preset, parameters / 1e6, device, threads > 0 ? ", " + threads + " threads" : ""),
                line("step %.0f ms for %d tokens: %.0f tokens/s", stepMillis, tokensPerStep, tokensPerSecond()),
                line(
                        "  body forward %.0f ms, head and loss %.0f ms, backward %.0f ms, optimizer %.0f ms, data %.2f ms",
                        phaseMillis.get(Phase.BODY),
                        phaseMillis.get(Phase.HEAD),
                        phaseMillis.get(Phase.BACKWARD),
                        phaseMillis.get(Phase.OPTIMIZER),
                        phaseMillis.get(Phase.DATA)),
                line(
                        "MFU %.1f %%: %.1f MFLOP a token, %.0f GFLOP/s of a matrix-product peak of %.0f",
                        mfu() * 100, flopsPerToken / 1e6, tokensPerSecond() * flopsPerToken / 1e9, gemmGflops),
                line(
                        "memory: resident %.0f MiB%s%s, native arrays %d to %d",
                        residentBytes / MEBIBYTE,
                        residentBytesAtStep100 > 0
                                ? line(" (%.0f at step 100)", residentBytesAtStep100 / MEBIBYTE)
                                : "",
                        deviceBytes > 0 ? line(", on the device %.0f MiB", deviceBytes / MEBIBYTE) : "",
                        nativeArrays.get(0),
                        nativeArrays.get(1)));
    }

    private static String line(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }

    /** For programs. */
    String json() {
        ObjectNode node = new ObjectMapper().createObjectNode();
        node.put("preset", preset).put("device", device).put("threads", threads).put("parameters", parameters);
        node.put("tokensPerSecond", tokensPerSecond()).put("mfu", mfu()).put("gemmGflops", gemmGflops);
        node.put("flopsPerToken", flopsPerToken)
                .put("tokensPerStep", tokensPerStep)
                .put("stepMillis", stepMillis);
        ObjectNode phases = node.putObject("phaseMillis");
        phaseMillis.forEach((phase, millis) -> phases.put(phase.name().toLowerCase(Locale.ROOT), millis));
        node.put("residentBytesAtStep100", residentBytesAtStep100).put("residentBytes", residentBytes);
        node.put("deviceBytes", deviceBytes)
                .putArray("nativeArrays")
                .add(nativeArrays.get(0))
                .add(nativeArrays.get(1));
        return node.toString();
    }
}
