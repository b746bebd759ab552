package io.infinito.standalone.serving;

import io.infinito.checkpoint.BestAlias;
import io.infinito.checkpoint.CheckpointReference;
import io.infinito.checkpoint.Pin;
import io.infinito.inference.v1.GetModelResponse;
import io.infinito.standalone.serving.StoredModels.Checkpoint;
import io.infinito.standalone.serving.StoredModels.Model;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.StringJoiner;

/** Models and their checkpoints as rows for people. */
public final class ModelTable {
    private static final String ROW = "%-20s  %-40s  %10s  %s";
    private static final String CHECKPOINT_ROW = "%-40s  %-27s  %10s  %s";
    private static final String DETAIL = "%-9s %s";

    private ModelTable() {}

    /** A row for each model. */
    public static List<String> lines(List<Model> models) {
        List<String> lines = new ArrayList<>();
        lines.add(ROW.formatted("model", "serves", "best loss", "pin"));
        for (Model model : models) {
            lines.add(ROW.formatted(
                            model.name(),
                            model.served().map(CheckpointReference::version).orElse("-"),
                            model.best()
                                    .map(best -> loss(best.validationLoss()))
                                    .orElse("-"),
                            model.pin().map(ModelTable::since).orElse("-"))
                    .stripTrailing());
        }
        return lines;
    }

    /** Everything about one model. */
    public static List<String> details(Model model, Optional<GetModelResponse> served, List<Checkpoint> checkpoints) {
        List<String> lines = new ArrayList<>();
        lines.add(DETAIL.formatted("model", model.name()));
        model.best().ifPresent(best -> {
            lines.add(DETAIL.formatted("best", best.version() + ", validation loss " + loss(best.validationLoss())));
            best.previous().ifPresent(previous -> lines.add(DETAIL.formatted("before", previous.version())));
        });
        model.pin()
                .ifPresent(pin ->
                        lines.add(DETAIL.formatted("pinned to", pin.checkpoint().version() + ", " + since(pin))));
        lines.add(DETAIL.formatted(
                "served",
                served.map(ModelTable::serving)
                        .orElse("nobody can be asked: no inference service of this model answers")));
        lines.add("");
        lines.add(CHECKPOINT_ROW.formatted("checkpoint", "written", "loss", ""));
        for (Checkpoint checkpoint : checkpoints) {
            lines.add(CHECKPOINT_ROW
                    .formatted(
                            checkpoint.reference().version(),
                            checkpoint.manifest().createdAt(),
                            loss(checkpoint.manifest().validationLoss()),
                            marks(model, checkpoint.reference()))
                    .stripTrailing());
        }
        return lines;
    }

    private static String serving(GetModelResponse model) {
        StringJoiner line = new StringJoiner("; ");
        line.add(
                model.getModel().getVersion().isEmpty()
                        ? "nothing"
                        : model.getModel().getVersion() + ", loaded " + model.getLoadedAt());
        if (!model.getObstacle().isEmpty()) {
            line.add(model.getObstacle());
        }
        return line.toString();
    }

    private static String marks(Model model, CheckpointReference checkpoint) {
        StringJoiner marks = new StringJoiner(", ");
        if (model.pin().map(Pin::checkpoint).filter(checkpoint::equals).isPresent()) {
            marks.add("pinned");
        }
        if (model.best().map(BestAlias::checkpoint).filter(checkpoint::equals).isPresent()) {
            marks.add("best");
        }
        if (model.best().flatMap(BestAlias::previous).filter(checkpoint::equals).isPresent()) {
            marks.add("best before");
        }
        return marks.toString();
    }

    private static String since(Pin pin) {
        return "since " + pin.pinnedAt();
    }

    /** Checkpoints between epochs have none. */
    private static String loss(double loss) {
        return Double.isFinite(loss) ? String.format(Locale.ROOT, "%.4f", loss) : "-";
    }
}
