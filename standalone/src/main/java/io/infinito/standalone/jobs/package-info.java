/** Jobs as the Kafka topics show them: publishing requests and commands, reading states, and showing them in a terminal. */
package io.infinito.standalone.jobs;
