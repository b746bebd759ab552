package io.infinito.standalone;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.infinito.dataset.DatasetCatalog;
import io.infinito.dataset.DatasetTopics;
import io.infinito.dataset.LocalDataset;
import io.infinito.dataset.v1.DatasetManifest;
import io.infinito.dataset.v1.SplitManifest;
import io.infinito.events.ProtoJson;
import io.infinito.events.Topic;
import io.infinito.standalone.datasets.DatasetLookup;
import io.infinito.standalone.datasets.DatasetTable;
import io.infinito.standalone.datasets.DatasetUnavailable;
import io.infinito.standalone.datasets.DatasetVocabulary;
import io.infinito.standalone.datasets.LiveLine;
import io.infinito.standalone.datasets.PreparationLine;
import io.infinito.standalone.datasets.TokenFrequencies;
import io.infinito.standalone.datasets.TokenFrequencies.Frequency;
import io.infinito.tokenizer.Vocabulary;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code infinito dataset show}: what is in a dataset. */
@Command(
        name = "show",
        mixinStandardHelpOptions = true,
        header = "Show what is in a dataset.",
        description = "%nCounts of every split, the digest, and the most frequent tokens. "
                + "The tokens are copied to this machine the first time.%n")
final class DatasetShowCommand implements Callable<Integer> {
    /** Tokens of a sequence where nothing else is said. */
    static final int CONTEXT = 256;

    private static final int MOST_FREQUENT = 10;

    @Parameters(paramLabel = "ID", description = "The dataset's id, or enough of its beginning.")
    private String id;

    @Option(
            names = "--context",
            paramLabel = "N",
            defaultValue = "" + CONTEXT,
            description = "Tokens of a sequence. Default: ${DEFAULT-VALUE}.")
    private int context;

    @Mixin
    private DatasetOptions datasets;

    @Override
    public Integer call() {
        if (context < 1) {
            throw new IllegalArgumentException("--context " + context + ": must be at least 1");
        }
        DatasetTopics topics = datasets.topics(Topic.DATASETS, Topic.DATASET_SHARDS);
        DatasetManifest dataset = DatasetLookup.find(new DatasetCatalog(topics).manifests(), id);
        Optional<TokenFrequencies> frequencies = dataset.getState() == DatasetManifest.State.READY
                ? Optional.of(TokenFrequencies.of(open(topics, dataset)))
                : Optional.empty();
        if (datasets.output().json()) {
            datasets.terminal().result(json(dataset, frequencies));
        } else {
            print(dataset, frequencies);
        }
        return 0;
    }

    private LocalDataset open(DatasetTopics topics, DatasetManifest dataset) {
        LiveLine line = datasets.liveLine();
        try {
            return datasets.cache(topics)
                    .open(
                            dataset,
                            (shards, of, bytes) -> line.show(
                                    "reading shard " + shards + " of " + of + ", " + PreparationLine.megabytes(bytes)),
                            () -> false)
                    .orElseThrow();
        } finally {
            line.end();
        }
    }

    private void print(DatasetManifest dataset, Optional<TokenFrequencies> frequencies) {
        Terminal terminal = datasets.terminal();
        terminal.result("dataset    " + dataset.getDatasetId());
        terminal.result("state      " + dataset.getState() + ", " + dataset.getUpdatedAt());
        if (!dataset.getError().isEmpty()) {
            terminal.result("error      " + dataset.getError());
        }
        terminal.result("source     " + dataset.getSpec().getSource());
        terminal.result("tokenizer  " + tokenizerName(dataset) + ", " + dataset.getVocabularySize() + " ids, sha256 "
                + dataset.getTokenizerSha256());
        terminal.result("digest     " + dataset.getDigest());
        if (dataset.getState() == DatasetManifest.State.PREPARING) {
            terminal.result("progress   " + PreparationLine.of(dataset));
        }
        if (frequencies.isEmpty()) {
            return;
        }
        terminal.result("");
        DatasetTable.splits(dataset, context).forEach(terminal::result);
        List<Frequency> top = frequencies.get().top(MOST_FREQUENT);
        terminal.result("");
        terminal.result("%,d of %,d tokens of the vocabulary occur; the most frequent:"
                .formatted(frequencies.get().distinct(), dataset.getVocabularySize()));
        Optional<Vocabulary> vocabulary = vocabulary(dataset);
        for (Frequency token : top) {
            terminal.result(String.format(
                    Locale.ROOT,
                    "%10d %14d  %6.2f %%  %s",
                    token.id(),
                    token.count(),
                    100 * token.share(),
                    vocabulary
                            .map(known -> TokenFrequencies.quoted(known, token.id()))
                            .orElse("")));
        }
    }

    private String json(DatasetManifest dataset, Optional<TokenFrequencies> frequencies) {
        ObjectMapper mapper = new ObjectMapper();
        ObjectNode node = mapper.createObjectNode();
        try {
            node.set("manifest", mapper.readTree(ProtoJson.print(dataset)));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("what was printed as JSON is JSON", e);
        }
        node.put("context", context);
        ArrayNode splits = node.putArray("splits");
        for (SplitManifest split : dataset.getSplitsList()) {
            splits.addObject()
                    .put("name", split.getName())
                    .put("sequences", DatasetTable.sequences(split, context))
                    .put("tokensPerCharacter", DatasetTable.tokensPerCharacter(split));
        }
        if (frequencies.isPresent()) {
            Optional<Vocabulary> vocabulary = vocabulary(dataset);
            node.put("distinctTokens", frequencies.get().distinct());
            ArrayNode tokens = node.putArray("frequentTokens");
            for (Frequency token : frequencies.get().top(MOST_FREQUENT)) {
                ObjectNode entry = tokens.addObject()
                        .put("id", token.id())
                        .put("count", token.count())
                        .put("share", token.share());
                vocabulary
                        .filter(known -> known.contains(token.id()))
                        .ifPresent(known -> entry.put("text", known.decode(new int[] {token.id()})));
            }
        }
        return node.toString();
    }

    /** The numbers are worth showing without the text. */
    private Optional<Vocabulary> vocabulary(DatasetManifest dataset) {
        try {
            return Optional.of(DatasetVocabulary.of(dataset));
        } catch (DatasetUnavailable e) {
            datasets.terminal().say(e.getMessage());
            return Optional.empty();
        }
    }

    private static String tokenizerName(DatasetManifest dataset) {
        String name = dataset.getSpec().getTokenizer();
        return name.isEmpty() ? "gpt2" : name;
    }
}
