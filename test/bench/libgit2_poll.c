/* What one poll costs through libgit2's own https: connects, and has the list of refs that it can't do
   without. Usage: libgit2_poll URL REF. Prints the ref's commit. */
#include <git2.h>
#include <stdio.h>
#include <string.h>

static int accept_certificate(git_cert* certificate, int valid, const char* host, void* payload) {
  (void)certificate, (void)valid, (void)host, (void)payload;
  return 0;
}

int main(int argc, char** argv) {
  git_remote* remote = NULL;
  git_remote_callbacks callbacks = GIT_REMOTE_CALLBACKS_INIT;
  const git_remote_head** heads = NULL;
  size_t count = 0;
  if (argc != 3) return 2;
  git_libgit2_init();
  callbacks.certificate_check = accept_certificate;
  if (git_remote_create_detached(&remote, argv[1]) < 0 ||
      git_remote_connect(remote, GIT_DIRECTION_FETCH, &callbacks, NULL, NULL) < 0 ||
      git_remote_ls(&heads, &count, remote) < 0) {
    fprintf(stderr, "libgit2: %s\n", git_error_last() ? git_error_last()->message : "failed");
    return 1;
  }
  for (size_t i = 0; i < count; ++i) {
    if (strcmp(heads[i]->name, argv[2]) == 0) printf("%s\n", git_oid_tostr_s(&heads[i]->oid));
  }
  git_remote_free(remote);
  return 0;
}
