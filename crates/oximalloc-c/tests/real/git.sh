# A repository: commits, a clone over a pipe, branches, repacking with threads, checks.
# needs: git cksum seq
set -eu

export HOME="$PWD" GIT_CONFIG_NOSYSTEM=1
export GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=C GIT_COMMITTER_EMAIL=c@example.org

git init -q -b main here
cd here
git config gc.auto 0
commits=$((60 * SCALE / 100 + 2))
i=0
while [ $i -lt $commits ]; do
    mkdir -p "dir$((i % 7))"
    seq $i $((i + 400)) > "dir$((i % 7))/file$i"
    seq $((i * 3)) $((i * 3 + 2000)) > growing
    git add -A
    export GIT_AUTHOR_DATE="$((1600000000 + i)) +0000" GIT_COMMITTER_DATE="$((1600000000 + i)) +0000"
    git commit -q -m "commit $i"
    i=$((i + 1))
done
git rev-parse HEAD
git log --stat | cksum
git checkout -q -b side HEAD~1
echo side > side
git add side
git commit -q -m side
git merge -q -m merge main
git rev-parse HEAD
cd ..

git clone -q --no-local here there 2>/dev/null
cd there
git -c pack.threads=4 repack -q -a -d -f --depth=50 --window=50
git gc -q
git fsck --full --strict 2>&1
git rev-parse HEAD
git log -p --all | cksum
git grep -c 77 HEAD -- growing
git blame HEAD -- growing | cksum
