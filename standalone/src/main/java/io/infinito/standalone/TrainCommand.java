package io.infinito.standalone;

import io.infinito.events.ProtoJson;
import io.infinito.standalone.jobs.JobReader;
import io.infinito.standalone.jobs.JobTopics;
import io.infinito.training.v1.TrainRequest;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code infinito train}: publish a request. */
@Command(
        name = "train",
        mixinStandardHelpOptions = true,
        header = "Train a model.",
        description = "%nPublishes a train request; a trainer of the installation takes it when it is free.%n")
final class TrainCommand implements Callable<Integer> {
    @Mixin
    private TrainingOptions training;

    @Option(names = "--wait", description = "Follow the job until it ends; exit code 1 if it does not complete.")
    private boolean wait;

    @Mixin
    private ConnectionOptions connection;

    @Mixin
    private OutputOptions output;

    @Override
    public Integer call() {
        TrainRequest request = training.toRequest();
        JobTopics topics = connection.jobTopics();
        topics.submit(request);
        Terminal terminal = output.terminal();
        if (output.json()) {
            terminal.result("{\"request\":" + ProtoJson.print(request) + "}");
        } else {
            terminal.say("Job " + request.getJobId() + " is submitted.");
        }
        if (!wait) {
            terminal.say("Follow it with: infinito watch " + request.getJobId());
            return 0;
        }
        try (JobReader reader = topics.reader()) {
            return reader.follow(request.getJobId(), output.jobListener(), () -> true)
                    .map(WatchCommand::exitCode)
                    .orElse(1);
        }
    }
}
