package io.infinito.infer.bench;

import io.infinito.infer.model.Torch;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * Work that is done with as many libtorch threads as decoding has. They end with it: where another team is alive, that of the thread that decodes
 * later would sleep between operations.
 */
final class DecodingThread {
    private DecodingThread() {}

    /** Waits for the result. */
    static <T> T call(Torch torch, Callable<T> work) throws InterruptedException {
        FutureTask<T> task = new FutureTask<>(() -> {
            torch.prepareDecoding();
            return work.call();
        });
        Thread thread = new Thread(task, "bench");
        thread.start();
        thread.join();
        try {
            return task.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }
}
