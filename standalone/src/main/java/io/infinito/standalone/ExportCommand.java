package io.infinito.standalone;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.infinito.checkpoint.CheckpointManifest;
import io.infinito.standalone.serving.CheckpointExport;
import io.infinito.storage.ObjectStore;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code infinito export}: a checkpoint as files. */
@Command(
        name = "export",
        mixinStandardHelpOptions = true,
        header = "Copy a model's files out of the object store.",
        description = "%nWrites the best checkpoint as a folder that transformers, llama.cpp and vLLM load as it is, "
                + "and checks every file against the manifest.%n")
final class ExportCommand implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "MODEL_OR_JOB", description = "A model's name or a job's id.")
    private String modelOrJob;

    @Parameters(index = "1", paramLabel = "DIR", description = "Where to write; made when it is missing.")
    private Path directory;

    @Mixin
    private ConnectionOptions connection;

    @Mixin
    private OutputOptions output;

    @Override
    public Integer call() {
        try (ObjectStore store = connection.objectStore()) {
            CheckpointExport export = new CheckpointExport(store);
            CheckpointExport.Found found = export.find(modelOrJob);
            Map<String, CheckpointManifest.Part> files = export.download(found, directory);
            Terminal terminal = output.terminal();
            if (output.json()) {
                terminal.result(json(found, files));
            } else {
                files.forEach((name, part) -> terminal.say("  %-24s %,15d bytes".formatted(name, part.size())));
                terminal.say(found.manifest().version() + " is in " + directory);
            }
            return 0;
        }
    }

    private String json(CheckpointExport.Found found, Map<String, CheckpointManifest.Part> files) {
        ObjectNode node = new ObjectMapper().createObjectNode();
        node.put("version", found.manifest().version()).put("manifestKey", found.manifestKey());
        node.put("directory", directory.toAbsolutePath().toString());
        ObjectNode parts = node.putObject("files");
        files.forEach((name, part) ->
                parts.putObject(name).put("sha256", part.sha256()).put("size", part.size()));
        return node.toString();
    }
}
