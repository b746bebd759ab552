package io.infinito.train.job;

import io.infinito.dataset.v1.DatasetSpec;
import io.infinito.train.TrainingPlan;
import io.infinito.training.v1.TrainingSpec;

/**
 * A request that can be run.
 *
 * @param jobId unique
 * @param modelName whose alias the job's best checkpoint becomes
 * @param dataset to train on
 * @param plan with every default filled in
 * @param device that was asked for
 * @param canonicalJson the request as it is compared with another of the same id
 */
public record TrainingJob(
        String jobId,
        String modelName,
        DatasetSpec dataset,
        TrainingPlan plan,
        TrainingSpec.Device device,
        String canonicalJson) {}
