/** Where a step's clone is, in the step and in its pipes: BITBUCKET_CLONE_DIR. */
export const buildFolder = '/opt/atlassian/pipelines/agent/build'

/** Where a step's SSH key is. */
export const sshFolder = '/opt/atlassian/pipelines/agent/ssh'

/** Where pipes may keep files: BITBUCKET_PIPE_SHARED_STORAGE_DIR; below it one folder for each pipe. */
export const storageFolder = `${buildFolder}/.bitbucket/pipelines/generated/pipeline/pipes`
