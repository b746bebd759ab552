package io.infinito.gpt;

import io.infinito.safetensors.Tensor;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * GPT-2 in plain double-precision loops, read from the tensors of a checkpoint as HuggingFace's implementation reads them: Conv1D
 * matrices are [in, out]. It shares nothing with {@code gpt.torchscript} but the paper.
 */
final class ReferenceGpt {
    private final GptConfig config;
    private final Map<String, double[]> weights;

    ReferenceGpt(GptConfig config, List<Tensor> checkpoint) {
        this.config = config;
        weights = checkpoint.stream().collect(Collectors.toMap(Tensor::name, ReferenceGpt::doubles));
    }

    private static double[] doubles(Tensor tensor) {
        FloatBuffer floats = tensor.floats();
        double[] values = new double[floats.remaining()];
        for (int i = 0; i < values.length; i++) {
            values[i] = floats.get(i);
        }
        return values;
    }

    /** The weights by name, to be changed at will; a tied head is not among them. */
    Map<String, double[]> weights() {
        return weights;
    }

    /**
     * Mean over all positions of the cross entropy with smoothed targets.
     *
     * @param smoothing share of the target that all tokens have in equal parts
     */
    double loss(int[][] ids, int[][] targets, double smoothing) {
        double sum = 0;
        int count = 0;
        for (int row = 0; row < ids.length; row++) {
            double[][] logits = logits(ids[row]);
            for (int t = 0; t < logits.length; t++) {
                sum += crossEntropy(logits[t], targets[row][t], smoothing);
                count++;
            }
        }
        return sum / count;
    }

    private static double crossEntropy(double[] logits, int target, double smoothing) {
        double sum = 0;
        double all = 0;
        for (double logit : logits) {
            sum += Math.exp(logit);
            all += logit;
        }
        double wanted = (1 - smoothing) * logits[target] + smoothing * all / logits.length;
        return Math.log(sum) - wanted;
    }

    /** [T, vocabulary] */
    double[][] logits(int[] ids) {
        int c = config.hidden();
        double[][] x = new double[ids.length][c];
        for (int t = 0; t < ids.length; t++) {
            for (int i = 0; i < c; i++) {
                x[t][i] = get("transformer.wte.weight")[ids[t] * c + i] + get("transformer.wpe.weight")[t * c + i];
            }
        }
        for (int layer = 0; layer < config.layers(); layer++) {
            String block = "transformer.h." + layer + ".";
            add(x, attention(block + "attn.", each(x, row -> norm(block + "ln_1", row))));
            add(x, each(x, row -> feedForward(block + "mlp.", norm(block + "ln_2", row))));
        }
        String head = config.tiedHead() ? "transformer.wte.weight" : "lm_head.weight";
        return each(x, row -> project(head, norm("transformer.ln_f", row)));
    }

    private double[][] attention(String name, double[][] x) {
        int c = config.hidden();
        int d = config.headSize();
        double[][] qkv = each(x, row -> conv1d(name + "c_attn", row, 3 * c));
        double[][] joined = new double[x.length][c];
        for (int head = 0; head < config.heads(); head++) {
            for (int t = 0; t < x.length; t++) {
                double[] scores = new double[t + 1];
                double sum = 0;
                for (int s = 0; s <= t; s++) {
                    double dot = 0;
                    for (int i = 0; i < d; i++) {
                        dot += qkv[t][head * d + i] * qkv[s][c + head * d + i];
                    }
                    scores[s] = Math.exp(dot / Math.sqrt(d));
                    sum += scores[s];
                }
                for (int s = 0; s <= t; s++) {
                    for (int i = 0; i < d; i++) {
                        joined[t][head * d + i] += scores[s] / sum * qkv[s][2 * c + head * d + i];
                    }
                }
            }
        }
        return each(joined, row -> conv1d(name + "c_proj", row, c));
    }

    private double[] feedForward(String name, double[] x) {
        double[] inner = conv1d(name + "c_fc", x, 4 * config.hidden());
        for (int i = 0; i < inner.length; i++) {
            double v = inner[i];
            inner[i] = 0.5 * v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v * v * v)));
        }
        return conv1d(name + "c_proj", inner, config.hidden());
    }

    private double[] norm(String name, double[] x) {
        double mean = 0;
        double variance = 0;
        for (double v : x) {
            mean += v / x.length;
        }
        for (double v : x) {
            variance += (v - mean) * (v - mean) / x.length;
        }
        double[] y = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            y[i] = (x[i] - mean) / Math.sqrt(variance + 1e-5) * get(name + ".weight")[i] + get(name + ".bias")[i];
        }
        return y;
    }

    private double[] conv1d(String name, double[] x, int out) {
        double[] w = get(name + ".weight");
        double[] y = get(name + ".bias").clone();
        for (int i = 0; i < x.length; i++) {
            for (int o = 0; o < out; o++) {
                y[o] += x[i] * w[i * out + o];
            }
        }
        return y;
    }

    private double[] project(String name, double[] x) {
        double[] w = get(name);
        double[] y = new double[w.length / x.length];
        for (int v = 0; v < y.length; v++) {
            for (int i = 0; i < x.length; i++) {
                y[v] += x[i] * w[v * x.length + i];
            }
        }
        return y;
    }

    private double[] get(String name) {
        return weights.get(name);
    }

    private static double[][] each(double[][] rows, Function<double[], double[]> f) {
        double[][] out = new double[rows.length][];
        for (int i = 0; i < rows.length; i++) {
            out[i] = f.apply(rows[i]);
        }
        return out;
    }

    private static void add(double[][] x, double[][] y) {
        for (int t = 0; t < x.length; t++) {
            for (int i = 0; i < x[t].length; i++) {
                x[t][i] += y[t][i];
            }
        }
    }
}
