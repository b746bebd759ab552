/**
 * The processes of one installation on this machine: what runs, in which order it starts and stops, on which ports, and what happens
 * when one dies. It knows commands, environments and health addresses, and nothing of what the services do.
 */
package io.infinito.standalone.stack;
