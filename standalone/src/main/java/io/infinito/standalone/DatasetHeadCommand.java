package io.infinito.standalone;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.infinito.dataset.DatasetCatalog;
import io.infinito.dataset.DatasetTopics;
import io.infinito.dataset.ShardReader;
import io.infinito.dataset.v1.DatasetManifest;
import io.infinito.dataset.v1.TokenShard;
import io.infinito.events.Topic;
import io.infinito.standalone.datasets.DatasetLookup;
import io.infinito.standalone.datasets.DatasetVocabulary;
import io.infinito.tokenizer.Vocabulary;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code infinito dataset head}: how a dataset begins. */
@Command(
        name = "head",
        mixinStandardHelpOptions = true,
        header = "Show how a dataset begins.",
        description = "%nReads the first shard of a split and writes the text of its first tokens.%n")
final class DatasetHeadCommand implements Callable<Integer> {
    @Parameters(paramLabel = "ID", description = "The dataset's id, or enough of its beginning.")
    private String id;

    @Option(
            names = "--split",
            paramLabel = "NAME",
            defaultValue = "train",
            description = "train, validation or test. Default: ${DEFAULT-VALUE}.")
    private String split;

    @Option(
            names = "--tokens",
            paramLabel = "N",
            defaultValue = "128",
            description = "How many tokens, at most those of the first shard. Default: ${DEFAULT-VALUE}.")
    private int tokens;

    @Mixin
    private DatasetOptions datasets;

    @Override
    public Integer call() {
        if (tokens < 1) {
            throw new IllegalArgumentException("--tokens " + tokens + ": must be at least 1");
        }
        DatasetTopics topics = datasets.topics(Topic.DATASETS, Topic.DATASET_SHARDS);
        DatasetManifest dataset = DatasetLookup.findReady(new DatasetCatalog(topics).manifests(), id);
        Vocabulary vocabulary = DatasetVocabulary.of(dataset);
        TokenShard shard =
                new ShardReader(topics).first(dataset, split, () -> false).orElseThrow();
        int[] ids = ids(shard, tokens);
        String text = vocabulary.decode(ids);
        Terminal terminal = datasets.terminal();
        if (datasets.output().json()) {
            ObjectNode node = new ObjectMapper().createObjectNode();
            node.put("datasetId", dataset.getDatasetId()).put("split", split).put("text", text);
            Arrays.stream(ids).forEach(node.putArray("ids")::add);
            terminal.result(node.toString());
        } else {
            terminal.result(text);
        }
        return 0;
    }

    private static int[] ids(TokenShard shard, int most) {
        ByteBuffer bytes = shard.getIds().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
        int[] ids = new int[Math.min(most, shard.getTokens())];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = shard.getIdWidth() == Short.BYTES ? Short.toUnsignedInt(bytes.getShort()) : bytes.getInt();
        }
        return ids;
    }
}
