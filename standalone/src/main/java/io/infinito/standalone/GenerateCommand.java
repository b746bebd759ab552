package io.infinito.standalone;

import io.infinito.events.ProtoJson;
import io.infinito.inference.v1.GenerateRequest;
import io.infinito.standalone.serving.InferenceClient;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code infinito generate}: continue a text. */
@Command(
        name = "generate",
        mixinStandardHelpOptions = true,
        header = "Continue a text with the model that is served.",
        description = "%nPrints the prompt and, as they come, the tokens that follow it.%n")
final class GenerateCommand implements Callable<Integer> {
    @Parameters(paramLabel = "PROMPT", description = "The text to continue; '-' reads it from standard input.")
    private String prompt;

    @Mixin
    private SamplingOptions sampling;

    @Mixin
    private ConnectionOptions connection;

    @Mixin
    private OutputOptions output;

    @Override
    public Integer call() throws IOException {
        String text = "-".equals(prompt) ? new String(System.in.readAllBytes(), StandardCharsets.UTF_8) : prompt;
        try (InferenceClient client = connection.inferenceClient()) {
            stream(client, sampling.toRequest(text), output);
        }
        return 0;
    }

    /** Writes what is generated as it comes: text after its prompt, or chunks of JSON. */
    static void stream(InferenceClient client, GenerateRequest request, OutputOptions output) {
        Terminal terminal = output.terminal();
        if (output.json()) {
            client.generate(request, chunk -> terminal.result(ProtoJson.print(chunk)));
            return;
        }
        if (request.getSampling().getN() > 1) {
            List<StringBuilder> texts = new ArrayList<>();
            client.generate(request, chunk -> {
                while (texts.size() <= chunk.getIndex()) {
                    texts.add(new StringBuilder(request.getText()));
                }
                texts.get(chunk.getIndex()).append(chunk.getText());
            });
            // One after the other: together they would be unreadable.
            texts.forEach(text -> terminal.result(text + System.lineSeparator()));
            return;
        }
        boolean[] begun = {false};
        client.generate(request, chunk -> {
            // The prompt appears with the first token, so that a refused request prints no text.
            terminal.out().print(begun[0] ? chunk.getText() : request.getText() + chunk.getText());
            terminal.out().flush();
            begun[0] = true;
        });
        terminal.result("");
    }
}
