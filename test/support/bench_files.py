"""The files of 1 KB that benchmarks have devices and their peers apply, a hundred to a directory."""

from greenwave import file_manifest

GROUP = 100


def path_of(number):
    """Below the directory that has them all."""
    return f"{number // GROUP:02}/{number:04}.conf"


def content_of(number, note=""):
    line = f"setting-{number:04} = value of an intersection's controller {note}\n"
    return (line * (1024 // len(line) + 1))[:1023] + "\n"


def group_file(number):
    """The file of the repository that declares the file of this number."""
    return f"bench/{number // GROUP:02}.yaml"


def manifests(count, directory, changed=None):
    """{path in the repository: text} that declares so many of them below a directory of the device. One is `changed`."""
    groups = {}
    for number in range(count):
        content = content_of(number, "changed" if number == changed else "")
        groups.setdefault(group_file(number), []).append(
            file_manifest(f"bench-{number:04}", f"{directory}/{path_of(number)}", content))
    return {path: "\n---\n".join(documents) + "\n" for path, documents in groups.items()}
