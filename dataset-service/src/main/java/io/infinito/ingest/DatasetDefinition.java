package io.infinito.ingest;

import io.infinito.dataset.v1.DatasetSpec;
import io.infinito.dataset.v1.SplitRule;
import io.infinito.ingest.source.Corpus;
import io.infinito.ingest.source.CorpusRules;
import io.infinito.ingest.source.EncodingErrors;
import io.infinito.ingest.source.FileHash;
import io.infinito.ingest.source.PathGlob;
import io.infinito.ingest.source.SourceAddress;
import io.infinito.ingest.source.SourceException;
import io.infinito.ingest.source.SplitRatio;
import io.infinito.ingest.source.SplitRules;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * A specification that has been checked, with every default filled in.
 *
 * @param source as it was given
 * @param address what it says
 * @param tokenizer {@code gpt2} or a path that the tokenizer service can read
 * @param rules how text is taken from the source
 */
public record DatasetDefinition(String source, SourceAddress address, String tokenizer, CorpusRules rules) {
    private static final String DEFAULT_TOKENIZER = "gpt2";
    /** Increase it when the same source begins to give other text or other pieces. */
    private static final String FORMAT = "infinito-dataset-2";

    private static final int ID_BYTES = 16;

    /**
     * Checks a specification.
     *
     * @throws SourceException if a field is not as it must be; the message names it
     */
    public static DatasetDefinition of(DatasetSpec spec) {
        if (spec.getSource().isBlank()) {
            throw new SourceException(
                    "dataset.source is missing: expected for example builtin:tiny-tales, file:PATH or wikitext-2-raw-v1");
        }
        CorpusRules rules = new CorpusRules(
                splits(spec.getSplit()),
                spec.getTextField().isEmpty() ? CorpusRules.DEFAULT_TEXT_FIELD : spec.getTextField(),
                spec.getDocumentSeparator(),
                encodingErrors(spec));
        return new DatasetDefinition(
                spec.getSource(),
                SourceAddress.parse(spec.getSource()),
                spec.getTokenizer().isBlank() ? DEFAULT_TOKENIZER : spec.getTokenizer(),
                rules);
    }

    private static SplitRules splits(SplitRule rule) {
        SplitRatio ratio = new SplitRatio(
                rule.hasValidationRatio() ? rule.getValidationRatio() : SplitRatio.DEFAULT.validation(),
                rule.hasTestRatio() ? rule.getTestRatio() : SplitRatio.DEFAULT.test());
        return new SplitRules(
                ratio,
                globs("train", rule.getTrainList()),
                globs("validation", rule.getValidationList()),
                globs("test", rule.getTestList()));
    }

    private static List<PathGlob> globs(String split, List<String> patterns) {
        List<PathGlob> globs = new ArrayList<>();
        for (String pattern : patterns) {
            globs.add(new PathGlob("dataset.split.%s[%d]".formatted(split, globs.size()), pattern));
        }
        return globs;
    }

    private static EncodingErrors encodingErrors(DatasetSpec spec) {
        return switch (spec.getEncodingErrors()) {
            case ENCODING_ERRORS_UNSPECIFIED, REFUSE -> EncodingErrors.REFUSE;
            case REPLACE -> EncodingErrors.REPLACE;
            case UNRECOGNIZED ->
                throw new SourceException(
                        "dataset.encodingErrors must be REFUSE or REPLACE, not " + spec.getEncodingErrorsValue());
        };
    }

    /** The specification with its defaults. */
    public DatasetSpec spec() {
        SplitRules splits = rules.splits();
        SplitRule.Builder rule = SplitRule.newBuilder()
                .setValidationRatio(splits.ratio().validation())
                .setTestRatio(splits.ratio().test());
        splits.train().forEach(glob -> rule.addTrain(glob.toString()));
        splits.validation().forEach(glob -> rule.addValidation(glob.toString()));
        splits.test().forEach(glob -> rule.addTest(glob.toString()));
        return DatasetSpec.newBuilder()
                .setSource(source)
                .setTokenizer(tokenizer)
                .setSplit(rule)
                .setTextField(rules.textField())
                .setDocumentSeparator(rules.documentSeparator())
                .setEncodingErrors(
                        rules.encodingErrors() == EncodingErrors.REPLACE
                                ? DatasetSpec.EncodingErrors.REPLACE
                                : DatasetSpec.EncodingErrors.REFUSE)
                .build();
    }

    /**
     * The dataset's id: a hash of what its tokens depend on. That is the content of files rather than their names, so that a file which
     * has changed is another dataset and a copy of a file is the same one; for the hub it is the commit, for
     * others what their server says of the version.
     *
     * @param shardTokens the most ids in a shard: the digest of a dataset is made of its shards' hashes
     * @throws IOException if a tokenizer file cannot be read
     */
    public String id(Corpus corpus, int shardTokens) throws IOException {
        MessageDigest digest = FileHash.sha256();
        digest.update(String.join("\n", FORMAT, corpus.identity(), tokenizerIdentity(), String.valueOf(shardTokens))
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
