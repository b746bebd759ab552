package io.infinito.gpt;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import io.infinito.gpt.GptParameters.Layout;
import io.infinito.gpt.GptParameters.Parameter;
import io.infinito.safetensors.Tensor;
import io.infinito.safetensors.TensorPlaces;
import io.infinito.safetensors.TensorSource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/** The weights of one network in native memory, float32, in the order of {@link GptParameters}. */
public final class GptWeights implements AutoCloseable {
    private final GptConfig config;
    private final NDManager manager;
    private final List<Parameter> parameters;
    private final List<NDArray> arrays = new ArrayList<>();

    private GptWeights(NDManager parent, GptConfig config) {
        this.config = config;
        manager = parent.newSubManager();
        parameters = GptParameters.of(config);
    }

    /** Fresh weights: normal(0, 0.02), residual projections scaled down, biases zero. Equal seeds give equal weights on any device. */
    public static GptWeights random(NDManager parent, GptConfig config, long seed) {
        GptWeights weights = new GptWeights(parent, config);
        SplittableRandom random = new SplittableRandom(seed);
        for (Parameter parameter : weights.parameters) {
            weights.add(parameter, floats -> {
                for (long i = 0; i < parameter.savedElements(); i++) {
                    floats.put(
                            parameter.initialStd() > 0
                                    ? (float) (random.nextGaussian() * parameter.initialStd())
                                    : parameter.initialValue());
                }
            });
        }
        return weights;
    }

    /**
     * Weights with HuggingFace's names and layouts.
     *
     * @throws IllegalArgumentException if a tensor is missing or has another shape than the configuration says
     */
    public static GptWeights load(NDManager parent, GptConfig config, TensorSource source) {
        GptWeights weights = new GptWeights(parent, config);
        try {
            for (Parameter parameter : weights.parameters) {
                FloatBuffer saved =
                        source.get(parameter.name(), parameter.savedShape()).floats();
                weights.add(parameter, floats -> {
                    if (parameter.layout() == Layout.TRANSPOSED) {
                        // The file has [in, out].
                        transpose(saved, floats, /* rows= */ parameter.columns(), /* columns= */ parameter.rows());
                    } else {
                        floats.put(saved);
                    }
                });
            }
            return weights;
        } catch (RuntimeException e) {
            weights.close();
            throw e;
        }
    }

    /**
     * Weights with HuggingFace's names and layouts where they lie, for reading only: on the CPU nothing is copied, no row is padded, and
     * matrices are transposed views.
     *
     * @param places in files that stay as they are for as long as these weights; they may be deleted
     * @throws IllegalArgumentException if a tensor is missing or has another shape than the configuration says
     */
    public static GptWeights view(NDManager parent, GptConfig config, TensorPlaces places) {
        GptWeights weights = new GptWeights(parent, config);
        try (MappedTensors mapped = new MappedTensors(parent)) {
            for (Parameter parameter : weights.parameters) {
                NDArray array = mapped.view(weights.manager, places.place(parameter.name(), parameter.savedShape()));
                if (weights.manager.getDevice().isGpu()) {
                    try (NDArray host = array) {
                        array = host.toDevice(weights.manager.getDevice(), true);
                    }
                }
                weights.arrays.add(parameter.layout() == Layout.TRANSPOSED ? array.transpose() : array);
            }
            return weights;
        } catch (RuntimeException e) {
            weights.close();
            throw e;
        }
    }

    /** A copy that no longer changes with these. */
    public GptWeights copy(NDManager parent) {
        GptWeights copy = new GptWeights(parent, config);
        try (ArrayCopy numbers = new ArrayCopy(parent)) {
            for (NDArray array : arrays) {
                copy.arrays.add(copy.manager.zeros(array.getShape()));
                numbers.copy(array, copy.arrays.get(copy.arrays.size() - 1));
            }
        }
        return copy;
    }

    /** Makes the array of a parameter, zero but for what {@code fill} writes: padding rows stay zero. */
    private void add(Parameter parameter, Consumer<FloatBuffer> fill) {
        Shape shape = new Shape(parameter.shape());
        if (manager.getDevice().isGpu()) {
            ByteBuffer bytes = buffer(parameter.elements());
            fill.accept(bytes.asFloatBuffer());
            // The array that is created keeps the buffer, that of its numbers on the device does not.
            try (NDArray filled = manager.create(bytes, shape, DataType.FLOAT32)) {
                arrays.add(filled.toDevice(manager.getDevice(), true));
            }
        } else {
            NDArray array = manager.zeros(shape);
            arrays.add(array);
            // A view of the array's own memory: no second copy of the weights while they are loaded.
            fill.accept(JniUtils.getByteBuffer((PtNDArray) array, true)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .asFloatBuffer());
        }
    }

    /** Copies what a checkpoint keeps: HuggingFace's names and layouts, padding left out. Nothing of the result is native memory. */
    public List<Tensor> snapshot() {
        List<Tensor> tensors = new ArrayList<>(arrays.size());
        for (int i = 0; i < arrays.size(); i++) {
            Parameter parameter = parameters.get(i);
            ByteBuffer bytes = ArrayCopy.toHost(arrays.get(i));
            ByteBuffer saved = switch (parameter.layout()) {
                case PLAIN -> bytes;
                case TRIMMED -> bytes.slice(0, Math.toIntExact(parameter.savedElements() * Float.BYTES));
                case TRANSPOSED -> {
                    ByteBuffer transposed = buffer(parameter.elements());
                    transpose(bytes.asFloatBuffer(), transposed.asFloatBuffer(), parameter.rows(), parameter.columns());
                    yield transposed;
                }
            };
            tensors.add(new Tensor(parameter.name(), parameter.savedShape(), saved.order(ByteOrder.LITTLE_ENDIAN)));
        }
        return tensors;
    }

    private static ByteBuffer buffer(long floats) {
        return ByteBuffer.allocateDirect(Math.toIntExact(floats * Float.BYTES)).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** from [rows, columns] -> to [columns, rows] */
    private static void transpose(FloatBuffer from, FloatBuffer to, int rows, int columns) {
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < columns; c++) {
                to.put(c * rows + r, from.get(r * columns + c));
            }
        }
    }

    /** The sizes of the network they belong to. */
    public GptConfig config() {
        return config;
    }

    /** What each array stands for, in the same order. */
    public List<Parameter> parameters() {
        return parameters;
    }

    /** The arrays in native memory. They stay this object's. */
    public List<NDArray> arrays() {
        return arrays;
    }

    /** Says that autograd will differentiate by them. */
    void requireGradients() {
        arrays.forEach(array -> array.setRequiresGradient(true));
    }

    @Override
    public void close() {
        manager.close();
    }
}
