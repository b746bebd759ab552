package io.infinito.infer;

import io.infinito.infer.engine.Engine;
import io.infinito.infer.engine.EngineFullException;
import io.infinito.infer.engine.Generation;
import io.infinito.infer.engine.GenerationListener;
import io.infinito.infer.engine.GenerationRequest;
import io.infinito.infer.model.LoadedModel;
import io.infinito.infer.sampling.TokenLogprob;
import io.infinito.inference.v1.GenerateRequest;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** Checks requests, finds their model, and hands their sequences to the engine: all of them or none. */
@ApplicationScoped
public class Admission {
    private final ServedModel served;
    private final Engine engine;
    private final TextInspection inspection;
    private final RequestReader reader;

    /** Called by the container. */
    public Admission(ServedModel served, Engine engine, TextInspection inspection, RequestReader reader) {
        this.served = served;
        this.engine = engine;
        this.inspection = inspection;
        this.reader = reader;
    }

    /**
     * Starts what is asked for.
     *
     * @param client whose request it is, for sharing places out
     * @param messages one for each prompt; everything but the prompt is that of the first
     * @param listeners makes one for each sequence
     * @return the sequences, for {@link Engine#cancel}
     * @throws IllegalArgumentException naming the field that is out of its bounds
     * @throws ModelUnavailableException if the model is not served
     * @throws EngineFullException if there is no place
     */
    List<Generation> start(
            String client,
            List<GenerateRequest> messages,
            Optional<Duration> timeout,
            Function<Answer, List<GenerationListener>> listeners)
            throws ModelUnavailableException, EngineFullException {
        LoadedModel model = served.acquire(messages.get(0).getModel());
        int uses = 1;
        boolean handedOver = false;
        try {
            Answer answer = answer(messages, model);
            while (uses < answer.sequences().size() && model.retain()) {
                uses++;
            }
            List<Generation> generations =
                    engine.submit(client, answer.sequences(), model, listeners.apply(answer), timeout);
            handedOver = true;
            return generations;
        } finally {
            if (!handedOver) {
                for (int i = 0; i < uses; i++) {
                    model.release();
                }
            }
        }
    }

    private Answer answer(List<GenerateRequest> messages, LoadedModel model) throws EngineFullException {
        GenerateRequest first = messages.get(0);
        reader.check(first, messages.size());
        List<Prompt> prompts = new ArrayList<>();
        List<GenerationRequest> sequences = new ArrayList<>();
        for (GenerateRequest message : messages) {
            List<GenerationRequest> ofPrompt = reader.read(message, model);
            int[] ids = ofPrompt.get(0).promptIds();
            List<TokenLogprob> logprobs = message.getSampling().hasPromptLogprobs()
                    ? inspection.scores(model, ids, message.getSampling().getPromptLogprobs())
                    : List.of();
            prompts.add(new Prompt(ids, RequestReader.text(message, ids, model), message.getEcho(), logprobs));
            sequences.addAll(ofPrompt);
        }
        return new Answer(
                first.getRequestId(), model.identity(), model.tokenizer().vocabulary(), prompts, sequences);
    }
}
