package io.infinito.standalone;

import io.infinito.standalone.serving.ModelJson;
import io.infinito.standalone.serving.ModelTable;
import io.infinito.standalone.serving.StoredModels;
import io.infinito.standalone.serving.StoredModels.Model;
import io.infinito.storage.ObjectStore;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code infinito model list}: all models. */
@Command(
        name = "list",
        mixinStandardHelpOptions = true,
        header = "List all models with the version that each one means.",
        description = "%nLists what the object store says, whether or not it is served anywhere.%n")
final class ModelListCommand implements Callable<Integer> {
    @Mixin
    private ConnectionOptions connection;

    @Mixin
    private OutputOptions output;

    @Override
    public Integer call() {
        try (ObjectStore store = connection.objectStore()) {
            List<Model> models = new StoredModels(store, Clock.systemUTC()).list();
            Terminal terminal = output.terminal();
            if (output.json()) {
                models.forEach(model -> terminal.result(ModelJson.of(model).toString()));
            } else if (models.isEmpty()) {
                terminal.say("There are no models yet: 'infinito train' makes one.");
            } else {
                ModelTable.lines(models).forEach(terminal::result);
            }
            return 0;
        }
    }
}
