import { randomUUID } from 'node:crypto'
import { type Grant, newSecret } from '../world/grants.ts'
import { buildFolder, sshFolder, storageFolder } from './layout.ts'

/** The environment of a step's script; repository variables are not in it. */
export const environment = (grant: Grant, variablesFile: string): Record<string, string> => {
  const [workspace = '', slug = ''] = grant.repository.split('/')
  const uuid = () => `{${randomUUID()}}`
  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: '/run/lab/home',
    TERM: 'linux',
    CI: 'true',
    BITBUCKET_BUILD_NUMBER: '7',
    BITBUCKET_BRANCH: 'main',
    BITBUCKET_CLONE_DIR: buildFolder,
    BITBUCKET_DOCKER_HOST_INTERNAL: '172.17.0.1',
    BITBUCKET_GIT_HTTP_ORIGIN: `http://bitbucket.org/${grant.repository}`,
    BITBUCKET_GIT_SSH_ORIGIN: `git@bitbucket.org:${grant.repository}.git`,
    BITBUCKET_PIPELINE_UUID: uuid(),
    BITBUCKET_PIPELINES_VARIABLES_PATH: variablesFile,
    BITBUCKET_PIPE_SHARED_STORAGE_DIR: storageFolder,
    BITBUCKET_PROJECT_KEY: 'LAB',
    BITBUCKET_PROJECT_UUID: uuid(),
    BITBUCKET_REPO_FULL_NAME: grant.repository,
    BITBUCKET_REPO_IS_PRIVATE: 'true',
    BITBUCKET_REPO_OWNER: workspace,
    BITBUCKET_REPO_OWNER_UUID: uuid(),
    BITBUCKET_REPO_SLUG: slug,
    BITBUCKET_REPO_UUID: uuid(),
    BITBUCKET_SSH_KEY_FILE: `${sshFolder}/id_rsa`,
    BITBUCKET_STEP_RUN_NUMBER: '1',
    BITBUCKET_STEP_TRIGGERER_UUID: uuid(),
    BITBUCKET_STEP_UUID: uuid(),
    BITBUCKET_WORKSPACE: workspace,
    BITBUCKET_PACKAGES_USERNAME: grant.username,
    BITBUCKET_PACKAGES_TOKEN: grant.password,
    PIPELINES_JWT_TOKEN: newSecret('jwt.'),
    DOCKER_HOST: 'tcp://localhost:2375',
  }
}
