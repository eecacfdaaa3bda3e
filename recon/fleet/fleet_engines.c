/* fleet_engines.c: see fleet_engines.h. */
#include "recon/fleet/fleet_engines.h"

#include <ctype.h>
#include <string.h>

static void add_word(struct mr_strbuf *out, const char *word)
{
    mr_strbuf_add_shell_word(out, word, strlen(word));
}

/* Slurm reads its lines before a shell does, and knows no quotes: no path stands in them. */
void mr_fleet_engines_slurm(const struct mr_fleet_file *file, const char *dir,
                            struct mr_strbuf *out)
{
    mr_strbuf_add_fmt(
        out,
        "#!/bin/bash\n"
        "# The parts of fleet %s as a Slurm array: sbatch fleet.sbatch\n"
        "#\n"
        "# To adapt: partition, time and memory; how many run at once (0-%zu%%16: 16 "
        "of them);\n"
        "# and where a password comes from, which stands in no file here. sbatch "
        "passes its\n"
        "# environment on: MYRECON_PASSWORD, or an option file of the account that "
        "runs it.\n"
        "# A part again: sbatch --array=0 fleet.sbatch. Slurm takes up to MaxArraySize "
        "parts\n"
        "# (scontrol show config), 1001 unless it was raised.\n"
        "#SBATCH --job-name=myrecon-%s\n"
        "#SBATCH --array=0-%zu\n"
        "#SBATCH --cpus-per-task=1\n"
        "#SBATCH --requeue\n"
        "#SBATCH --open-mode=append\n"
        "#SBATCH --signal=B:TERM@60\n"
        "##SBATCH --partition=NAME\n"
        "##SBATCH --time=04:00:00\n"
        "##SBATCH --mem=1G\n"
        "exec myrecon fleet run --no-verdict ",
        file->id, file->nparts - 1, file->id, file->nparts - 1);
    add_word(out, dir);
    mr_strbuf_add_char(out, '\n');
}

/* Names of Kubernetes have small letters. */
static void add_small(struct mr_strbuf *out, const char *text)
{
    for (; *text != '\0'; text++)
        mr_strbuf_add_char(out, (char)tolower((unsigned char)*text));
}

void mr_fleet_engines_job(const struct mr_fleet_file *file, struct mr_strbuf *out)
{
    mr_strbuf_add_fmt(out,
                      "# The parts of fleet %s as an Indexed Job: kubectl apply -f\n"
                      "# fleet-job.yaml. To adapt: image (the Dockerfile of the sources makes "
                      "one), the claim\n"
                      "# that holds this directory, the secret with the account, parallelism, "
                      "and whoever owns\n"
                      "# the files (runAsUser). Kubernetes knows backoffLimitPerIndex from 1.29 "
                      "on. Done parts\n"
                      "# return at once: to do what failed again, delete the Job and apply it "
                      "anew.\n",
                      file->id);
    mr_strbuf_add_str(out, "apiVersion: batch/v1\n"
                           "kind: Job\n"
                           "metadata:\n"
                           "  name: myrecon-");
    add_small(out, file->id);
    mr_strbuf_add_fmt(out,
                      "\n"
                      "spec:\n"
                      "  completionMode: Indexed\n"
                      "  completions: %zu\n"
                      "  parallelism: %zu\n"
                      "  backoffLimitPerIndex: 5\n"
                      "  podFailurePolicy: # a node that is drained or taken away is no failure\n"
                      "    rules:\n"
                      "      - action: Ignore\n"
                      "        onPodConditions:\n"
                      "          - type: DisruptionTarget\n"
                      "            status: \"True\"\n"
                      "  template:\n"
                      "    spec:\n"
                      "      restartPolicy: Never\n"
                      "      terminationGracePeriodSeconds: 30\n"
                      "      securityContext:\n"
                      "        runAsNonRoot: true\n"
                      "        runAsUser: 1000\n"
                      "      containers:\n"
                      "        - name: myrecon\n"
                      "          image: IMAGE\n"
                      "          command: [\"myrecon\", \"fleet\", \"run\", \"--no-verdict\", "
                      "\"/fleet\"]\n"
                      "          env:\n"
                      "            - name: TMPDIR\n"
                      "              value: /tmp\n"
                      "            - name: MYRECON_USER\n"
                      "              valueFrom:\n"
                      "                secretKeyRef:\n"
                      "                  name: myrecon\n"
                      "                  key: user\n"
                      "                  optional: true\n"
                      "            - name: MYRECON_PASSWORD\n"
                      "              valueFrom:\n"
                      "                secretKeyRef:\n"
                      "                  name: myrecon\n"
                      "                  key: password\n"
                      "          resources:\n"
                      "            requests:\n"
                      "              cpu: \"1\"\n"
                      "              memory: 512Mi\n"
                      "          volumeMounts:\n"
                      "            - name: fleet\n"
                      "              mountPath: /fleet\n"
                      "            - name: local\n"
                      "              mountPath: /tmp\n"
                      "      volumes:\n"
                      "        - name: fleet\n"
                      "          persistentVolumeClaim:\n"
                      "            claimName: fleet\n"
                      "        - name: local\n"
                      "          emptyDir: {}\n",
                      file->nparts, file->nparts < 16 ? file->nparts : (size_t)16);
}

static void add_line(struct mr_strbuf *out, const char *before, const char *word, const char *after)
{
    mr_strbuf_add_str(out, before);
    add_word(out, word);
    mr_strbuf_add_str(out, after);
}

/* parallel hands each command to a shell, once more, and has braces of its own: a path that is no plain word is
 * told to that shell by name. */
static void add_parallel(struct mr_strbuf *out, const char *dir)
{
    struct mr_strbuf word = MR_STRBUF_INIT;
    add_word(&word, dir);
    const bool is_plain = !word.failed && strcmp(word.ptr, dir) == 0;
    mr_strbuf_add_str(out, " | ");
    if (!is_plain)
        add_line(out, "FLEET=", dir, " ");
    mr_strbuf_add_str(out, "parallel -j 4 --retries 3 \\\n        ");
    if (is_plain)
        add_line(out, "myrecon fleet run --no-verdict ", dir, " --part {}\n");
    else
        mr_strbuf_add_str(out, "'myrecon fleet run --no-verdict \"$FLEET\" --part {}'\n");
    out->failed = out->failed || word.failed;
    mr_strbuf_release(&word);
}

void mr_fleet_engines_readme(const struct mr_fleet_file *file, const char *dir,
                             struct mr_strbuf *out)
{
    mr_strbuf_add_fmt(out, "Fleet %s, made %s: %zu pairs, %zu parts.\n\n", file->id, file->created,
                      file->npairs, file->nparts);
    mr_strbuf_add_str(out,
                      "Every machine needs myrecon, a way to the servers, this directory under "
                      "one\npath, and the accounts' passwords, as check takes them (none "
                      "stands in here).\nEach part is done once, by whatever engine, and may "
                      "be begun again at any time:\none that is done returns at once, one "
                      "that was ended goes on.\n\n");
    add_line(out, "Slurm:\n    sbatch ", dir, "/fleet.sbatch\n");
    add_line(out, "Kubernetes (adapt the file first):\n    kubectl apply -f ", dir,
             "/fleet-job.yaml\n");
    mr_strbuf_add_fmt(out, "GNU parallel, 4 at a time:\n    seq 0 %zu", file->nparts - 1);
    add_parallel(out, dir);
    add_line(out, "This machine alone, 4 at a time:\n    myrecon fleet run ", dir,
             " --all --at-once 4\n\n");
    add_line(out, "How far it is:\n    myrecon fleet status ", dir, "\n");
    mr_strbuf_add_str(
        out, "A part that failed or was ended: see its output, mend what it names, and begin\n"
             "it again by the line above, where the others stay done, or alone, here part "
             "0:\n");
    add_line(out, "    sbatch --array=0 ", dir, "/fleet.sbatch\n");
    add_line(out, "    myrecon fleet run ", dir, " --part 0\n\nWhen all are done:\n");
    if (file->is_snapshots) {
        add_line(out, "    myrecon snapshot verify ", dir, "\n");
        return;
    }
    add_line(out, "    myrecon fleet merge ", dir, " --output RESULT\n");
    mr_strbuf_add_str(out, "    myrecon fleet report RESULT --output fleet.html\n");
}
