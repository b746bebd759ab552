package io.infinito.standalone.serving;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.infinito.checkpoint.CheckpointReference;
import io.infinito.standalone.serving.StoredModels.Checkpoint;
import io.infinito.standalone.serving.StoredModels.Model;
import java.util.List;

/** Models as JSON. */
public final class ModelJson {
    private ModelJson() {}

    /** What the store says of a model. */
    public static ObjectNode of(Model model) {
        ObjectNode node = new ObjectMapper().createObjectNode().put("name", model.name());
        model.best().ifPresent(best -> {
            put(node.putObject("best"), best.checkpoint())
                    .put("jobId", best.jobId())
                    .put("validationLoss", best.validationLoss());
            best.previous().ifPresent(previous -> put(node.putObject("previous"), previous));
        });
        model.pin()
                .ifPresent(pin -> put(node.putObject("pin"), pin.checkpoint()).put("pinnedAt", pin.pinnedAt()));
        return node;
    }

    /** Adds the checkpoints of a model. */
    public static void put(ObjectNode node, List<Checkpoint> checkpoints) {
        ArrayNode array = node.putArray("checkpoints");
        for (Checkpoint checkpoint : checkpoints) {
            put(array.addObject(), checkpoint.reference())
                    .put("createdAt", checkpoint.manifest().createdAt())
                    .put("epoch", checkpoint.manifest().epoch())
                    .put("validationLoss", checkpoint.manifest().validationLoss());
        }
    }

    private static ObjectNode put(ObjectNode node, CheckpointReference checkpoint) {
        return node.put("version", checkpoint.version())
                .put("manifestKey", checkpoint.manifestKey())
                .put("sha256", checkpoint.manifestSha256());
    }
}
