package io.infinito.ingest;

import io.infinito.dataset.v1.DatasetSpec;
import io.infinito.dataset.v1.SplitRule;
import io.infinito.ingest.source.Corpus;
import io.infinito.ingest.source.FileHash;
import io.infinito.ingest.source.SourceAddress;
import io.infinito.ingest.source.SourceException;
import io.infinito.ingest.source.SplitRatio;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;

/**
 * A specification that has been checked, with every default filled in.
 *
 * @param source as it was given
 * @param address what it says
 * @param tokenizer {@code gpt2} or a path that the tokenizer service can read
 * @param ratio for a source without a validation split
 */
public record DatasetDefinition(String source, SourceAddress address, String tokenizer, SplitRatio ratio) {
    private static final String DEFAULT_TOKENIZER = "gpt2";
    /** Increase it when the same source begins to give other text or other pieces. */
    private static final String FORMAT = "infinito-dataset-1";

    private static final int ID_BYTES = 16;

    /**
     * Checks a specification.
     *
     * @throws SourceException if a field is not as it must be
     */
    public static DatasetDefinition of(DatasetSpec spec) {
        if (spec.getSource().isBlank()) {
            throw new SourceException(
                    "dataset.source is missing: expected for example builtin:tiny-tales, file:PATH or wikitext-2-raw-v1");
        }
        SplitRule rule = spec.getSplit();
        return new DatasetDefinition(
                spec.getSource(),
                SourceAddress.parse(spec.getSource()),
                spec.getTokenizer().isBlank() ? DEFAULT_TOKENIZER : spec.getTokenizer(),
                new SplitRatio(
                        rule.hasValidationRatio() ? rule.getValidationRatio() : SplitRatio.DEFAULT.validation(),
                        rule.hasTestRatio() ? rule.getTestRatio() : SplitRatio.DEFAULT.test()));
    }

    /** The specification with its defaults. */
    public DatasetSpec spec() {
        return DatasetSpec.newBuilder()
                .setSource(source)
                .setTokenizer(tokenizer)
                .setSplit(SplitRule.newBuilder()
                        .setValidationRatio(ratio.validation())
                        .setTestRatio(ratio.test()))
                .build();
    }

    /**
     * The dataset's id: a hash of what its tokens depend on. That is the content of files rather than their names, so that a file which
     * has changed is another dataset and a copy of a file is the same one; for the hub it is the commit.
     *
     * @throws IOException if a tokenizer file cannot be read
     */
    public String id(Corpus corpus) throws IOException {
        MessageDigest digest = FileHash.sha256();
        digest.update(String.join("\n", FORMAT, corpus.identity(), tokenizerIdentity())
                .getBytes(StandardCharsets.UTF_8));
        return HexFormat.of().formatHex(digest.digest(), 0, ID_BYTES);
    }

    /** The content of a tokenizer file where this service can see it, else what the tokenizer service will find under that name. */
    private String tokenizerIdentity() throws IOException {
        try {
            Path file = Path.of(tokenizer);
            return Files.isReadable(file) && Files.isRegularFile(file) ? "sha256 " + FileHash.of(file) : tokenizer;
        } catch (InvalidPathException e) {
            return tokenizer;
        }
    }
}
