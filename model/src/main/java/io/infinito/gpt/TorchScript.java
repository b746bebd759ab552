package io.infinito.gpt;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * One TorchScript class, compiled by libtorch from source text that ships with this jar. Nothing of a checkpoint is ever run.
 *
 * <p>Not thread-safe where autograd is on; {@link #run} may be called from several threads.
 */
public final class TorchScript implements AutoCloseable {
    private final NDManager manager;
    private final PtSymbolBlock block;

    private TorchScript(NDManager manager, PtSymbolBlock block) {
        this.manager = manager;
        this.block = block;
    }

    /**
     * Compiles the class {@code className} of resources beside this class.
     *
     * @param resources whose texts, one behind the other, are the class
     * @param attributes values (Long, Double or Boolean) of the attributes that the class declares, apart from {@code training}
     */
    static TorchScript load(
            NDManager parent, String className, List<String> resources, Map<String, Object> attributes) {
        // Profiling would recompile the graph during the first calls, for nothing: the text is already made of fused
        // operators.
        JniUtils.setGraphExecutorOptimize(false);
        NDManager manager = parent.newSubManager();
        byte[] archive = TorchScriptArchive.of(className, attributes, source(resources));
        try {
            return new TorchScript(
                    manager,
                    JniUtils.loadModule((PtNDManager) manager, new ByteArrayInputStream(archive), false, false));
        } catch (IOException e) {
            manager.close();
            throw new UncheckedIOException(e);
        }
    }

    private static String source(List<String> resources) {
        return resources.stream().map(TorchScript::source).collect(Collectors.joining());
    }

    private static String source(String resource) {
        try (InputStream in = TorchScript.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException("resource " + resource + " is not on the class path");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Runs a method with autograd as the calling thread has it.
     *
     * @param owner owns the results
     * @param list the first argument of the method, a list of tensors
     * @param arguments the other arguments, tensors
     */
    NDList differentiate(NDManager owner, String method, List<? extends NDArray> list, NDArray... arguments) {
        try (NDArray marker = owner.zeros(new Shape(1))) {
            marker.setName("module_method:" + method);
            NDList input = new NDList(marker);
            for (NDArray array : list) {
                array.setName("p[]");
                input.add(array);
            }
            for (NDArray argument : arguments) {
                input.add(argument);
            }
            return IValueUtils.forward(block, input, true);
        }
    }

    /**
     * Runs a method without autograd. The arguments are closed.
     *
     * @return the result; the caller closes it
     */
    IValue run(String method, IValue... arguments) {
        return run(method, List.of(), arguments);
    }

    /**
     * Runs a method without autograd.
     *
     * @param kept the first arguments, which stay open
     * @param arguments the others, which are closed
     * @return the result; the caller closes it
     */
    IValue run(String method, List<IValue> kept, IValue... arguments) {
        IValue[] all = Arrays.copyOf(kept.toArray(IValue[]::new), kept.size() + arguments.length);
        System.arraycopy(arguments, 0, all, kept.size(), arguments.length);
        try {
            return IValueUtils.runMethod(block, method, all);
        } finally {
            for (IValue argument : arguments) {
                argument.close();
            }
        }
    }

    /** A list of tensors as an argument of {@link #run}. */
    static IValue list(List<? extends NDArray> arrays) {
        return IValue.listFrom(arrays.stream().map(PtNDArray.class::cast).toArray(PtNDArray[]::new));
    }

    /** A tensor as an argument of {@link #run}. */
    static IValue tensor(NDArray array) {
        return IValue.from((PtNDArray) array);
    }

    @Override
    public void close() {
        block.close();
        manager.close();
    }
}
