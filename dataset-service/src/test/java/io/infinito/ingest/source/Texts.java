package io.infinito.ingest.source;

import io.infinito.storage.StorageConfig;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/** The texts that a corpus gives, for comparison. */
public final class Texts {
    private Texts() {}

    /** Sources without a hub or an S3 server. */
    public static Sources local(Path cache) {
        return sources("http://localhost:1", Optional.empty(), cache);
    }

    /** Sources with a hub that is tried for some seconds. */
    static Sources sources(String hub, Optional<String> token, Path cache) {
        HubSettings settings = new HubSettings(URI.create(hub), token, Duration.ofSeconds(2), Duration.ofMillis(1500));
        return new Sources(
                new SourceSettings(settings, cache),
                new StorageConfig("http://localhost:1", "bucket", "key", "secret", "us-east-1"));
    }

    /** The text of every split. */
    static Map<Split, String> of(Corpus corpus) throws IOException {
        Map<Split, StringBuilder> texts = new EnumMap<>(Split.class);
        Map<Split, SplitText> splits = new EnumMap<>(Split.class);
        corpus.read((split, run) -> splits.computeIfAbsent(split, s -> {
                    StringBuilder text = new StringBuilder();
                    texts.put(s, text);
                    return new SplitText(corpus.convention(), text::append);
                })
                .add(run));
        Map<Split, String> strings = new EnumMap<>(Split.class);
        texts.forEach((split, text) -> strings.put(split, text.toString()));
        return strings;
    }
}
