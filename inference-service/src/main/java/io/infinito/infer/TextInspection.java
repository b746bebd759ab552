package io.infinito.infer;

import io.infinito.infer.engine.EngineFullException;
import io.infinito.infer.model.LoadedModel;
import io.infinito.infer.sampling.TokenLogprob;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Runs whole texts through the network beside the engine, one at a time, so that generation loses no more than one processor's share. */
@ApplicationScoped
public class TextInspection {
    private static final long PATIENCE_SECONDS = 5;

    private final Semaphore turn = new Semaphore(1, true);

    /** Called by the container. */
    public TextInspection() {}

    /**
     * How likely each token but the first is.
     *
     * @throws EngineFullException if too many others wait for the same
     */
    List<TokenLogprob> scores(LoadedModel model, int[] ids, int top) throws EngineFullException {
        return ids.length < 2 ? List.of() : inTurn(() -> model.scores(ids, top));
    }

    /**
     * Where every head looks.
     *
     * @throws EngineFullException if too many others wait for the same
     */
    float[][][] attention(LoadedModel model, int[] ids) throws EngineFullException {
        return inTurn(() -> model.attention(ids));
    }

    private <T> T inTurn(Supplier<T> work) throws EngineFullException {
        try {
            if (!turn.tryAcquire(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                throw new EngineFullException(
                        "too many texts wait to be inspected; try again later", Duration.ofSeconds(PATIENCE_SECONDS));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new EngineFullException("the service stops", Duration.ofSeconds(PATIENCE_SECONDS));
        }
        try {
            return work.get();
        } finally {
            turn.release();
        }
    }
}
