package io.infinito.infer.model;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.JniUtils;
import io.infinito.gpt.GptConfig;
import io.infinito.gpt.GptDecoder;
import io.infinito.gpt.GptWeights;
import io.infinito.gpt.WeightFormat;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jboss.logging.Logger;

/** libtorch. Starting it takes a second, which passes beside the rest of the start. */
public final class Torch {
    private static final Logger LOG = Logger.getLogger(Torch.class);
    private static final String ENGINE = "PyTorch";
    /** Whoever waits longer for it waits in vain. */
    private static final Duration LONGEST_START = Duration.ofSeconds(30);

    /** Enough for every kind of operation to be seen once. */
    private static final GptConfig SMALLEST = new GptConfig(8, 2, 1, 1, 8, true);

    private final DeviceChoice choice;
    private final int threads;
    private final FormatChoice formatChoice;
    private Device device;

    /**
     * Starts nothing yet.
     *
     * @param choice where models run
     * @param threads of one operation on the CPU; 0: half of the processors, as 1, 2 or 4
     * @param formatChoice how matrices are kept
     */
    public Torch(DeviceChoice choice, int threads, FormatChoice formatChoice) {
        if (threads < 0) {
            throw new IllegalArgumentException("infinito.inference.threads=" + threads + " must be at least 0");
        }
        this.choice = choice;
        this.formatChoice = formatChoice;
        // Reading the weights is what decoding waits for: more threads than memory channels only wait for each other.
        this.threads = threads > 0
                ? threads
                : Math.max(
                        1,
                        Integer.highestOneBit(Math.min(4, Runtime.getRuntime().availableProcessors() / 2)));
    }

    /**
     * Loads the libraries in a thread of its own, and compiles a first network, which is slower than any later one. Whoever needs libtorch
     * before that is done waits for it.
     */
    public static void preload() {
        inBackground(() -> {
            try (NDManager manager = Engine.getEngine(ENGINE).newBaseManager(Device.cpu())) {
                // Most of the compiler's own start is the same for all formats, and this one works on every processor.
                compileSmallest(manager, WeightFormat.PLAIN);
            }
        });
    }

    /** Gets the device ready in a thread of its own, and notes when it is. */
    public void startInBackground(StartupTimeline timeline) {
        inBackground(() -> {
            try (NDManager manager = newManager()) {
                compileSmallest(manager, format());
                timeline.reached(StartupTimeline.Milestone.TORCH);
            }
        });
    }

    private static void compileSmallest(NDManager manager, WeightFormat format) {
        prepareThread();
        try (GptWeights weights = GptWeights.random(manager, SMALLEST, 0)) {
            GptDecoder.compile(manager, weights, format, 1).close();
        }
    }

    private static void inBackground(Runnable work) {
        Thread starter = new Thread(
                () -> {
                    try {
                        work.run();
                    } catch (RuntimeException | Error e) {
                        // Every later use fails too, but only this time the virtual machine tells the reason.
                        LOG.warn("libtorch cannot be used", e);
                    }
                },
                "libtorch-start");
        starter.setDaemon(true);
        Thread ending = new Thread(() -> awaitEnd(starter), "libtorch-start-end");
        try {
            Runtime.getRuntime().addShutdownHook(ending);
        } catch (IllegalStateException e) {
            // The process ends: it needs no libtorch.
            return;
        }
        starter.start();
    }

    /** At the end of a process libtorch destroys its globals. A thread that compiles meanwhile crashes, or hangs in it with the process. */
    private static void awaitEnd(Thread starter) {
        try {
            starter.join(LONGEST_START.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** A manager of native memory on the device; the caller closes it. */
    public synchronized NDManager newManager() {
        Engine engine = Engine.getEngine(ENGINE);
        if (device == null) {
            device = chooseDevice(engine);
        }
        return engine.newBaseManager(device);
    }

    private Device chooseDevice(Engine engine) {
        boolean cuda = choice != DeviceChoice.CPU && engine.getGpuCount() > 0;
        if (choice == DeviceChoice.CUDA && !cuda) {
            throw new IllegalStateException(
                    "infinito.inference.device=cuda, but libtorch sees no CUDA device; use auto or cpu");
        }
        return cuda ? Device.gpu() : Device.cpu();
    }

    /**
     * How matrices are kept on the device that {@link #newManager} chose.
     *
     * @throws IllegalStateException if the device cannot multiply in the format that is set
     */
    synchronized WeightFormat format() {
        return formatChoice
                .on(device.isGpu())
                .orElseThrow(() -> new IllegalStateException("infinito.inference.format="
                        + formatChoice.name().toLowerCase(Locale.ROOT) + " does not go with device "
                        + device.getDeviceType() + "; use auto"));
    }

    /** What may be chosen on the device that {@link #newManager} chose. */
    public synchronized List<FormatChoice> formats() {
        return Arrays.stream(FormatChoice.values())
                .filter(choice ->
                        choice != FormatChoice.AUTO && choice.on(device.isGpu()).isPresent())
                .toList();
    }

    /** To be called once by each thread that runs a model but the one that decodes: all three settings belong to the thread. */
    public static void prepareThread() {
        JniUtils.setGradMode(false);
        // Profiling would recompile the network during the first calls.
        JniUtils.setGraphExecutorOptimize(false);
        // Where all teams of OpenMP together have more threads than there are processors, each of them is put to sleep
        // between operations.
        // So there is one team, that of the thread that decodes.
        setThreads(1);
    }

    private static void setThreads(int threads) {
        // A thread that never asked is given the number that was set last, by whichever thread, in the midst of its
        // first operation.
        JniUtils.getNumThreads();
        JniUtils.setNumThreads(threads);
    }

    /** To be called once by the thread that decodes: it alone has several threads help with one operation. */
    public void prepareDecoding() {
        prepareThread();
        setThreads(threads);
    }

    /** Whether decoding leaves no more than one processor to everything else. */
    boolean leavesOneProcessor() {
        return Runtime.getRuntime().availableProcessors() - threads <= 1;
    }

    /** Of one operation of the thread that decodes, on the CPU. */
    public int threads() {
        return threads;
    }
}
